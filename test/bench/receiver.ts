// The destination of the bench: answers 204 at once and remembers when each event reached it, and how often.
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { wallClock } from "./statistics.ts";

export interface Receiver {
  readonly url: string;
  /** Event id → when its first request began to arrive (`wallClock`). */
  readonly firsts: Map<string, number>;
  /** Requests in all: more than `firsts` holds means that something came twice. */
  requests(): number;
  /** Resolves with `true` once all ids have arrived, with `false` when `withinMs` is over first. */
  complete(ids: readonly string[], withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const firsts = new Map<string, number>();
  let requests = 0;
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const at = wallClock();
    const id = request.headers["webhook-id"];
    requests += 1;
    if (typeof id === "string" && !firsts.has(id)) firsts.set(id, at);
    request.resume().once("end", () => response.writeHead(204).end());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    firsts,
    requests: () => requests,
    async complete(ids, withinMs) {
      for (const end = performance.now() + withinMs; performance.now() < end;) {
        if (ids.every((id) => firsts.has(id))) return true;
        await sleep(20);
      }
      return false;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
