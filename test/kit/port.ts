// A port for a process that is told where to listen.
import { once } from "node:events";
import { createServer } from "node:net";
import * as z from "zod";

/** A port that somebody has just had: nobody else will have taken it. */
export async function freePort(): Promise<number> {
  const { port, server } = await listen();
  server.close();
  await once(server, "close");
  return port;
}

/** Takes a free port on 127.0.0.1 and keeps it. */
export async function listen() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: z.object({ port: z.number() }).parse(server.address()).port };
}
