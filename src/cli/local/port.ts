// Can a server listen on this port? Opens sockets on loopback and closes them again.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Why nothing can listen on this port of 127.0.0.1, or `null` if something can. */
export async function portFault(port: number): Promise<string | null> {
  // Whoever answers on localhost, over IPv6 too, would get what is meant for us, even where both can listen.
  if (await answers(port)) return `something else listens on port ${port} already`;
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return `port ${port} cannot be opened (${code})`;
  } finally {
    server.close();
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: "localhost" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
