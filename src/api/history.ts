// /api/events, /api/archive and /api/deliveries: what came in, where it went, and what became of it.
import { Hono } from "hono";
import { noEvent } from "../operate/refuse.ts";
import { archiveParameters } from "../contract/archive.ts";
import { exportParameters, NEXT } from "../contract/export.ts";
import { deliveryParameters, eventParameters } from "../contract/question.ts";
import { type ApiEnv, granted, Refusal, type RoomDeps } from "./env.ts";
import { query } from "./inputs.ts";
import { begun, bytesOf, jsonWithBody } from "./stored.ts";

export function historyRoutes({ operator }: RoomDeps) {
  return new Hono<ApiEnv>()
    .get("/events", query(eventParameters), async (c) => c.json(await operator.events(question(c.req.valid("query")))))

    .get("/events/:id", async (c) => {
      const { story, body: stored } = await eventOf(c.req.param("id"));
      return c.body(jsonWithBody(story, stored), 200, { "content-type": "application/json" });
    })

    .get("/events/:id/routes", async (c) => c.json(granted(await operator.tries(c.req.param("id")))))

    .get("/events/:id/body", async (c) => {
      const { story, body: stored } = await eventOf(c.req.param("id"));
      if (story.body_gone !== undefined)
        throw new Refusal({ status: 410, title: "Gone", detail: story.body_gone.says });
      // A stranger wrote it: no browser may take it for a page.
      return c.body(bytesOf(story.encoding, stored), 200, {
        "content-type": "application/octet-stream",
        "content-disposition": `attachment; filename="${story.id}.bin"`,
        "content-length": String(story.size),
      });
    })

    .get("/archive", query(archiveParameters), async (c) =>
      c.json(granted(await operator.archive.list(question(c.req.valid("query"))))),
    )

    .get("/export", query(exportParameters), async (c) => {
      const { cursor: after, archived, ...filter } = c.req.valid("query");
      const { lines, next } = granted(await operator.exports({ filter, archived, after }));
      const more = next === null ? {} : { [NEXT]: next };
      return c.body(lines, 200, { "content-type": "application/x-ndjson; charset=utf-8", ...more });
    })

    .get("/deliveries", query(deliveryParameters), async (c) =>
      c.json(await operator.deliveries(question(c.req.valid("query")))),
    );

  async function eventOf(id: string) {
    const found = await operator.event(id);
    if (found === null) throw new Refusal(noEvent(id).problem);
    return { story: found.story, body: await begun(found.body) };
  }
}

/** Parameters as the question that they are. */
function question<Cursor, Filter extends object>({
  limit,
  cursor,
  ...filter
}: Filter & { readonly limit: number; readonly cursor: Cursor }) {
  return { filter, after: cursor, limit };
}
