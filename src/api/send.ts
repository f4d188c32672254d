// POST /api/events of an operator: their right stands in the place of a source's token, and nothing else differs.
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type * as z from "zod/mini";
import { type accepted, type message, messageParameters } from "../contract/message.ts";
import { type ApiEnv } from "./env.ts";
import { query } from "./inputs.ts";

/** Has an event accepted for a source, or for the only one that it can be, in the name of an operator. */
export type Post = (
  request: Request,
  source: string | null,
  actor: string,
  after: { waitUntil(work: Promise<unknown>): void },
) => Promise<Response>;

/** What the typed client is told: the answer is the front door's. */
type Endpoints = {
  readonly "/events": {
    readonly $post: {
      input: { query: z.input<typeof messageParameters>; json: z.input<typeof message> };
      output: z.output<typeof accepted>;
      outputFormat: "json";
      status: ContentfulStatusCode;
    };
  };
};

export function sendRoutes(post: Post) {
  const app = new Hono<ApiEnv>().post("/events", query(messageParameters), async (c) => {
    const { source = null } = c.req.valid("query");
    const after = { waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work) };
    return await post(c.req.raw, source, c.var.caller.actor, after);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one route above, in the words of the contract
  return app as unknown as Hono<ApiEnv, Endpoints>;
}
