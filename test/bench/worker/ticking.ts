// The relay, whose cron runs when it is asked for: on a developer's machine no clock calls it.
import relay, { type Env } from "../../../src/index.ts";
import type { Bell } from "../../../src/types.ts";

export { Feed, Intake, Limiter } from "../../../src/index.ts";

// oxlint-disable-next-line import/no-default-export -- the entry point of a Worker
export default {
  ...relay,
  async fetch(request, env, context) {
    if (!request.url.endsWith("/tick")) return await relay.fetch(request, env, context);
    const work: Promise<unknown>[] = [];
    const ticked = { ...context, waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
    await relay.scheduled({ cron: "* * * * *", scheduledTime: Date.now(), noRetry: () => {} }, env, ticked);
    await Promise.all(work);
    return new Response("ticked");
  },
} satisfies ExportedHandler<Env, Bell>;
