// /api/events and /api/deliveries: what came in, where it went, and what may be done about it.
import { Hono } from "hono";
import { parseDeliveryId } from "../ids.ts";
import { noDelivery, noEvent } from "../operate/refuse.ts";
import { deliveryParameters, eventParameters } from "../contract/question.ts";
import { type ApiEnv, granted, Refusal, type RoomDeps } from "./env.ts";
import { body, query, sendOrder } from "./inputs.ts";
import { bytesOf, jsonWithBody } from "./stored.ts";

export function historyRoutes({ operator }: RoomDeps) {
  return new Hono<ApiEnv>()
    .get("/events", query(eventParameters), async (c) => c.json(await operator.events(question(c.req.valid("query")))))

    .get("/events/:id", async (c) => {
      const { story, body: stored } = await eventOf(c.req.param("id"));
      return c.body(jsonWithBody(story, stored), 200, { "content-type": "application/json" });
    })

    .get("/events/:id/body", async (c) => {
      const { story, body: stored } = await eventOf(c.req.param("id"));
      // A stranger wrote it: no browser may take it for a page.
      return c.body(bytesOf(story.encoding, stored), 200, {
        "content-type": "application/octet-stream",
        "content-disposition": `attachment; filename="${story.id}.bin"`,
        "content-length": String(story.size),
      });
    })

    .post("/events/:id/replay", async (c) =>
      c.json(granted(await operator.replay({ event: c.req.param("id"), destination: null }, c.var.by))),
    )
    .post("/events/:id/cancel", async (c) =>
      c.json(granted(await operator.cancel({ event: c.req.param("id"), destination: null }, c.var.by))),
    )
    .post("/events/:id/send", body(sendOrder), async (c) =>
      c.json(granted(await operator.sendTo(c.req.param("id"), c.req.valid("json").destination, c.var.by))),
    )

    .get("/deliveries", query(deliveryParameters), async (c) =>
      c.json(await operator.deliveries(question(c.req.valid("query")))),
    )
    .post("/deliveries/:id/replay", async (c) =>
      c.json(granted(await operator.replay(deliveryOf(c.req.param("id")), c.var.by))),
    )
    .post("/deliveries/:id/cancel", async (c) =>
      c.json(granted(await operator.cancel(deliveryOf(c.req.param("id")), c.var.by))),
    );

  async function eventOf(id: string) {
    const found = await operator.event(id);
    if (found === null) throw new Refusal(noEvent(id).problem);
    return found;
  }
}

/** The two halves of a delivery's id. */
function deliveryOf(id: string): { event: string; destination: string } {
  const parsed = parseDeliveryId(id);
  if (parsed === null) throw new Refusal(noDelivery(id).problem);
  return parsed;
}

/** Parameters as the question that they are. */
function question<Cursor, Filter extends object>({
  limit,
  cursor,
  ...filter
}: Filter & { readonly limit: number; readonly cursor: Cursor }) {
  return { filter, after: cursor, limit };
}
