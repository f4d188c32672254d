// /api/overview, /api/sources, /api/destinations, /api/routes: how the relay does, and what may be done about its destinations.
import { Hono } from "hono";
import { type ApiEnv, granted, type RoomDeps } from "./env.ts";
import { body, inspectionParameters, overviewParameters, query, scriptOrder } from "./inputs.ts";

const HOURS = { 1: 1, 24: 24, 168: 168 } as const;

export function relayRoutes({ operator }: RoomDeps) {
  return new Hono<ApiEnv>()
    .get("/overview", query(overviewParameters), async (c) =>
      c.json(await operator.overview(originOf(c.req.url), HOURS[c.req.valid("query").hours])),
    )
    .get("/sources", async (c) => c.json(await operator.sources(originOf(c.req.url))))
    .get("/sources/:name/refusals", async (c) => c.json(granted(await operator.refusals(c.req.param("name")))))
    .post("/sources/:name/offers", async (c) => c.json(granted(await operator.reveal(c.req.param("name"), c.var.by))))

    .get("/destinations", async (c) => c.json({ destinations: await operator.destinations() }))
    .get("/destinations/:name", async (c) => c.json(granted(await operator.destination(c.req.param("name")))))
    .get("/destinations/:name/inspections", query(inspectionParameters), async (c) =>
      c.json({ inspections: granted(await operator.inspections(c.req.param("name"), c.req.valid("query").show)) }),
    )
    .post("/destinations/:name/test", async (c) => c.json(granted(await operator.test(c.req.param("name"), c.var.by))))
    .post("/destinations/:name/pause", async (c) =>
      c.json(granted(await operator.pause(c.req.param("name"), c.var.by))),
    )
    .post("/destinations/:name/resume", async (c) =>
      c.json(granted(await operator.resume(c.req.param("name"), c.var.by))),
    )
    .put("/destinations/:name/script", body(scriptOrder), async (c) =>
      c.json(granted(await operator.script(c.req.param("name"), c.req.valid("json").script, c.var.by))),
    )
    .get("/routes", (c) => c.json({ routes: operator.routes() }));
}

function originOf(url: string): string {
  return new URL(url).origin;
}
