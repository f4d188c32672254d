// The Worker as shipped, with a configuration of the test's own in the place of the shared one.
import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import worker, { type Env } from "../../../src/index.ts";
import { bindings } from "./relay.ts";

export const TOKEN = "front-admin-token-0123456789abcdef";

/** A relay with these sources. Secrets and other vars stand beside them, as in a Worker's env. */
export function front(sources: object, vars: Record<string, unknown> = {}) {
  const { DB, DELIVERIES, DEAD_LETTERS, INTAKE, FEED, LIMITER, TUNNEL, FLOOD_GUARD } = bindings;
  const env: Env = {
    DB,
    DELIVERIES,
    DEAD_LETTERS,
    INTAKE,
    FEED,
    LIMITER,
    TUNNEL,
    FLOOD_GUARD,
    ADMIN_TOKEN: TOKEN,
    SIGNING_KEY: "test-signing-key-0123456789abcdef",
    SOURCES: sources,
    LOG_LEVEL: "error",
    ...vars,
  };
  const ask = async (path: string, init: RequestInit<IncomingRequestCfProperties>): Promise<Response> => {
    const context = createExecutionContext();
    const request = new Request<unknown, IncomingRequestCfProperties>(`https://relay.example.com${path}`, init);
    const answer = await worker.fetch(request, env, context);
    // What is done after the answer is done before the test looks.
    await waitOnExecutionContext(context);
    return answer;
  };
  return {
    /** Posts to a source, from this address unless the headers say otherwise. */
    post: (source: string, body: BodyInit | null, headers: Record<string, string> = {}) =>
      ask(`/in/${source}`, { method: "POST", body, headers: { "cf-connecting-ip": "192.0.2.7", ...headers } }),
    /** Asks a source with another method. */
    knock: (source: string, method: string, headers: Record<string, string> = {}) =>
      ask(`/in/${source}`, { method, headers: { "cf-connecting-ip": "192.0.2.7", ...headers } }),
    /** Asks the API, with the token. */
    api: async <T>(path: string, method = "GET"): Promise<T> => {
      const answer = await ask(`/api${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return await answer.json<T>();
    },
    ask,
    /** What is bound to it, for whoever has it answer the queue. */
    env,
    /** One minute of the cron. */
    minute: async (): Promise<void> => {
      const context = createExecutionContext();
      await worker.scheduled(createScheduledController(), env, context);
      await waitOnExecutionContext(context);
    },
  };
}
