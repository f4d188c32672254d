// A real receiver for a test: remembers every request as it came and answers as the test wants.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** One request that came in whole. */
export interface Arrival {
  readonly destination: string;
  /** `webhook-id` */
  readonly event: string;
  /** `hookline-attempt` */
  readonly attempt: number;
  readonly body: Buffer;
  /** As far as it is known yet. */
  status: number | null;
}

export interface Receiver {
  readonly arrivals: Arrival[];
  /** The address of a destination of that name. */
  address(destination: string): string;
  to(destination: string): Arrival[];
}

/** @param answer sends the answer, or leaves it; the arrival is noted already */
export async function startReceiver(answer: (arrival: Arrival, response: ServerResponse) => void): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request).catch(() => null);
      // The relay hung up, or was killed.
      if (body === null) return;
      const arrival: Arrival = {
        destination: request.url?.slice(1) ?? "",
        event: String(request.headers["webhook-id"]),
        attempt: Number(request.headers["hookline-attempt"]),
        body,
        status: null,
      };
      arrivals.push(arrival);
      answer(arrival, response);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    arrivals,
    address: (destination) => `http://127.0.0.1:${address.port}/${destination}`,
    to: (destination) => arrivals.filter((arrival) => arrival.destination === destination),
  };
}

/** Answers with a status and no more. */
export function say(status: number, arrival: Arrival, response: ServerResponse): void {
  arrival.status = status;
  response.writeHead(status).end();
}
