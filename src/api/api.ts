// /api: what the operator's programs may look at and do.
// What may be looked at has its routes in two files; orders have theirs from a table.
import { Hono } from "hono";
import type { Access } from "../access/access.ts";
import type { Caller } from "../contract/access.ts";
import { actRoutes } from "./acts.ts";
import { type ApiEnv, granted, Refusal, type RoomDeps } from "./env.ts";
import { guard } from "./guard.ts";
import { historyRoutes } from "./history.ts";
import { type Post, sendRoutes } from "./send.ts";
import { openApi } from "./openapi.ts";
import { reference } from "./reference.tsx";
import { relayRoutes } from "./relay.ts";
import { allowOf, paths } from "./routes.ts";
import { problem } from "../errors.ts";

export interface ApiDeps extends RoomDeps {
  readonly access: Pick<Access, "identify" | "sameOrigin">;
  /** Answers the upgrade to a WebSocket on which the news are told. */
  readonly live: (request: Request, caller: Caller) => Promise<Response>;
  /** Answers the upgrade to a WebSocket of somebody who listens to a tunnel. */
  readonly listen: (destination: string) => Promise<Response>;
  readonly postAs: Post;
}

/** The routes under `/api`, all of them behind the guard. */
export function api(deps: ApiDeps) {
  const app = new Hono<ApiEnv>();
  app.onError((error) => {
    if (error instanceof Refusal) return problem(error.problem);
    throw error;
  });
  app.use(guard(deps.access));
  const routes = app
    .route("/", historyRoutes(deps))
    .route("/", relayRoutes(deps))
    .route("/", actRoutes(deps))
    .route("/", sendRoutes(deps.postAs))
    .get("/live", async (c) =>
      c.req.header("upgrade") === "websocket"
        ? await deps.live(c.req.raw, c.var.caller)
        : problem({ status: 426, title: "Upgrade Required", headers: { upgrade: "websocket" } }),
    )
    .get("/destinations/:name/listen", async (c) => {
      const name = granted(deps.operator.tunnel(c.req.param("name")));
      return c.req.header("upgrade") === "websocket"
        ? await deps.listen(name)
        : problem({ status: 426, title: "Upgrade Required", headers: { upgrade: "websocket" } });
    })
    .get("/openapi.json", (c) => c.json(openApi()))
    .get("/reference", reference);

  for (const path of paths()) {
    app.all(path, () => problem({ status: 405, title: "Method Not Allowed", headers: { allow: allowOf(path) } }));
  }
  app.all("*", () =>
    problem({ status: 404, title: "Not Found", detail: "there is no such address: GET /api/openapi.json lists them" }),
  );
  return routes;
}

/** What hono's typed client is made from. */
export type Api = ReturnType<typeof api>;
