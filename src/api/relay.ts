// /api/overview, /api/sources, /api/destinations, /api/routes, /api/alerts, /api/costs, /api/replays, /api/erasures,
// /api/keys, /api/configuration and /api/audit: how the relay does, who may, and who did.
import { Hono } from "hono";
import { alertParameters } from "../contract/alerts.ts";
import { previewParameters } from "../contract/operations.ts";
import { type ApiEnv, granted, type RoomDeps } from "./env.ts";
import { auditParameters, inspectionParameters, overviewParameters, query } from "./inputs.ts";

const HOURS = { 1: 1, 24: 24, 168: 168 } as const;

export function relayRoutes({ operator }: RoomDeps) {
  const { replays, erasures, keys } = operator;
  return new Hono<ApiEnv>()
    .get("/overview", query(overviewParameters), async (c) =>
      c.json(await operator.overview(originOf(c.req.url), HOURS[c.req.valid("query").hours])),
    )
    .get("/sources", async (c) => c.json(await operator.sources(originOf(c.req.url))))
    .get("/sources/:name/secrets", async (c) => c.json(granted(await operator.secrets(c.req.param("name")))))
    .get("/sources/:name/refusals", async (c) => c.json(granted(await operator.refusals(c.req.param("name")))))

    .get("/destinations", async (c) => c.json({ destinations: await operator.destinations() }))
    .get("/destinations/:name", async (c) => c.json(granted(await operator.destination(c.req.param("name")))))
    .get("/destinations/:name/inspections", query(inspectionParameters), async (c) =>
      c.json({ inspections: granted(await operator.inspections(c.req.param("name"), c.req.valid("query").show)) }),
    )
    .get("/routes", (c) => c.json({ routes: operator.routes() }))

    .get("/alerts", query(alertParameters), async (c) => c.json(await operator.alerts.list(c.req.valid("query"))))

    .get("/costs", async (c) => c.json(granted(await operator.costs())))

    .get("/replays", async (c) => c.json({ replays: await replays.list() }))
    .get("/replays/preview", query(previewParameters), async (c) => {
      const { rate, ...filter } = c.req.valid("query");
      return c.json(granted(await replays.preview(filter, rate)));
    })
    .get("/replays/:id", async (c) => c.json(granted(await replays.show(c.req.param("id")))))

    .get("/configuration", (c) => c.json(operator.configuration()))
    .get("/erasures", async (c) => c.json({ erasures: await erasures.list() }))
    .get("/erasures/:id", async (c) => c.json(granted(await erasures.show(c.req.param("id")))))

    .get("/keys", async (c) => c.json({ keys: await keys.list() }))
    .get("/audit", query(auditParameters), async (c) => c.json(granted(await keys.audit(c.req.valid("query").cursor))));
}

function originOf(url: string): string {
  return new URL(url).origin;
}
