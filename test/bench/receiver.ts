// The destinations of the bench: one answers 204 at once and remembers when each event reached it, and how often; others never answer.
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createSocketServer, type Server, type Socket } from "node:net";
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
  return {
    url: urlOf(server),
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

/** So many servers that take whatever comes and never answer, each under an address of its own. */
export async function startHanging(count: number): Promise<{ urls: string[]; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const servers = Array.from({ length: count }, () =>
    createSocketServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
      socket.resume();
    }).listen(0, "127.0.0.1"),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
  return {
    urls: servers.map(urlOf),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => once(server.close(), "close")));
    },
  };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}/`;
}
