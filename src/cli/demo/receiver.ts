// The service that a destination stands for: fails on purpose, then proves what reached it. Listens on loopback only.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

/** One request that reached the receiver. */
export interface Arrival {
  readonly destination: string;
  /** `webhook-id`: the event's. */
  readonly id: string;
  /** How many requests for this event and destination there have been, this one included. */
  readonly attempt: number;
  readonly status: number;
  /** Whether the Standard Webhooks library found the signature right, with this destination's own secret. */
  readonly proven: boolean;
  /** SHA-256 of the body, in hexadecimal. */
  readonly digest: string;
}

export interface ReceiverOptions {
  /** Destination → the secret (`whsec_…`) that it verifies with. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Destination → how many requests for each event get a 503 before the first 200. */
  readonly failures: ReadonlyMap<string, number>;
  readonly onArrival: (arrival: Arrival) => void;
}

export interface Receiver {
  /** Without a slash at the end; a destination's address is this, a slash and its name. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a receiver on a free port. */
export async function startReceiver({ secrets, failures, onArrival }: ReceiverOptions): Promise<Receiver> {
  const attempts = new Map<string, number>();
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const destination = request.url?.slice(1) ?? "";
    const id = header(request, "webhook-id");
    const delivery = `${id}:${destination}`;
    const attempt = (attempts.get(delivery) ?? 0) + 1;
    attempts.set(delivery, attempt);
    const proven = prove(body, request, secrets.get(destination));
    const status = proven ? (attempt <= (failures.get(destination) ?? 0) ? 503 : 200) : 401;
    onArrival({ destination, id, attempt, status, proven, digest: digest(body) });
    response.writeHead(status, { "content-type": "text/plain" }).end(ANSWERS.get(status));
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** The digest of a body, as an arrival has it. */
export function digest(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

const ANSWERS = new Map([
  [200, "thank you"],
  [401, "this is not signed with my secret"],
  [503, "not yet, on purpose"],
]);

function prove(body: Buffer, request: IncomingMessage, secret: string | undefined): boolean {
  if (secret === undefined) return false;
  const headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [name, header(request, name)]);
  try {
    new Webhook(secret).verify(body, Object.fromEntries(headers), { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}
