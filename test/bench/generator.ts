// Starts the load generator in a process of its own and hands it one plan at a time.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { resolve } from "node:path";
import type { Outcome, Plan } from "./load.ts";

export interface Generator {
  run(plan: Omit<Plan, "from">): Promise<Outcome>;
  stop(): void;
}

/** Serials of one run start here after those of the run before: more than any run sends. */
const serialsPerRun = 1_000_000;

export function startGenerator(): Generator {
  const child = fork(resolve(import.meta.dirname, "load.ts"), { serialization: "advanced" });
  const death = once(child, "exit");
  let runs = 0;
  return {
    async run(plan) {
      const answer = once(child, "message");
      runs += 1;
      child.send({ ...plan, from: runs * serialsPerRun } satisfies Plan);
      const [outcome]: (Outcome | number)[] = await Promise.race([answer, death]);
      if (typeof outcome !== "object") throw new Error("the load generator ended");
      return outcome;
    },
    stop: () => child.kill(),
  };
}

/** Requests per second that the generator reaches where nothing stands behind: one socket server that answers without reading. */
export async function ceiling(generator: Generator, connections: number, seconds: number): Promise<Outcome> {
  const body = '{"id":"evt_0","status":"accepted"}';
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const server = createServer((socket) => {
    socket.on("data", () => socket.write(answer)).on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const outcome = await generator.run({
    port: address.port,
    path: "/noop",
    secret: "none",
    connections,
    seconds,
    count: Number.POSITIVE_INFINITY,
    rate: null,
  });
  server.close();
  return outcome;
}
