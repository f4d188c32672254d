// /api/keys and /api/audit: who may, and who did.
import { Hono } from "hono";
import { type ApiEnv, granted, type RoomDeps } from "./env.ts";
import { auditParameters, body, keyOrder, query } from "./inputs.ts";

export function keyRoutes({ operator: { keys } }: RoomDeps) {
  return new Hono<ApiEnv>()
    .get("/keys", async (c) => c.json({ keys: await keys.list() }))
    .post("/keys", body(keyOrder), async (c) => {
      const { name, role, days } = c.req.valid("json");
      return c.json(granted(await keys.create(name, role, days, c.var.by)));
    })
    .post("/keys/:id/revoke", async (c) => c.json(granted(await keys.revoke(c.req.param("id"), c.var.by))))
    .get("/audit", query(auditParameters), async (c) => c.json(granted(await keys.audit(c.req.valid("query").cursor))));
}
