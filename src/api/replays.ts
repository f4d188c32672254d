// /api/replays: many deliveries opened again by one order.
import { Hono } from "hono";
import { type ApiEnv, granted, type RoomDeps } from "./env.ts";
import { body, filterParameters, query, replayOrder } from "./inputs.ts";

export function replayRoutes({ operator: { replays } }: RoomDeps) {
  return new Hono<ApiEnv>()
    .get("/replays", async (c) => c.json({ replays: await replays.list() }))
    .get("/replays/preview", query(filterParameters), async (c) =>
      c.json(granted(await replays.preview(c.req.valid("query")))),
    )
    .post("/replays", body(replayOrder), async (c) => {
      const { filter, rate } = c.req.valid("json");
      return c.json(granted(await replays.start(filter, rate, c.var.by)));
    })
    .get("/replays/:id", async (c) => c.json(granted(await replays.show(c.req.param("id")))))
    .post("/replays/:id/cancel", async (c) => c.json(granted(await replays.cancel(c.req.param("id"), c.var.by))));
}
