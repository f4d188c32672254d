// The receivers of the soak: prove and note every request before they fail in their ways. Lives in the soak's own process, which nobody kills.
import { once } from "node:events";
import { createHmac, timingSafeEqual } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { roll } from "../sim/dice.ts";
import { BEHAVIOUR, behave } from "./behaviour.ts";
import { digest } from "./letters.ts";

/** One request whose body came in whole. Times are in ms since 1970, by the clock that the relay has too. */
export interface Arrival {
  readonly destination: string;
  /** `webhook-id` */
  readonly event: string;
  /** `hookline-attempt` */
  readonly attempt: number;
  readonly digest: string;
  /** Whether it verified with the destination's own secret. */
  readonly proven: boolean;
  readonly at: number;
  /** When the answer had been handed to the system, whole; `null` where that never happened. */
  answeredAt: number | null;
  /** `null` until then. */
  status: number | null;
}

export interface Receiver {
  /** Without a slash at the end. */
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** Requests that did not name a destination: a redirect that was followed ends here. */
  readonly strays: readonly string[];
  /** Deliveries that have had a 2xx. */
  readonly delivered: ReadonlySet<string>;
  /** From here on every receiver is healthy. */
  recover(): void;
  stop(): Promise<void>;
}

/**
 * @param secrets destination → the secret that it verifies with
 * @param seed decides which events a receiver treats badly
 */
export async function startReceiver(secrets: ReadonlyMap<string, string>, seed: number): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const strays: string[] = [];
  const delivered = new Set<string>();
  const heardOf = new Map<string, number>();
  const webhooks = new Map([...secrets].map(([name, secret]) => [name, new Webhook(secret)]));
  let faults = true;

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Date.now();
    const body = await buffer(request).catch(() => null);
    // The relay was killed while it sent.
    if (body === null) return;
    const destination = request.url?.slice(1) ?? "";
    const behaviour = BEHAVIOUR[destination];
    if (behaviour === undefined) {
      strays.push(`${request.method} ${request.url}`);
      response.writeHead(404).end();
      return;
    }
    const arrival: Arrival = {
      destination,
      event: header(request, "webhook-id"),
      attempt: Number(header(request, "hookline-attempt")),
      digest: digest(body),
      proven: isUtf8(body)
        ? proves(webhooks.get(destination), body, request)
        : provesBytes(secrets.get(destination) ?? "", body, request),
      at,
      answeredAt: null,
      status: null,
    };
    arrivals.push(arrival);
    const delivery = `${arrival.event}:${destination}`;
    const heard = (heardOf.get(delivery) ?? 0) + 1;
    heardOf.set(delivery, heard);
    const said = (status: number) => {
      arrival.answeredAt = Date.now();
      arrival.status = status;
      if (status < 300) delivered.add(delivery);
    };
    response.once("finish", () => said(response.statusCode));
    const moment = { response, arrival, said, heard, luck: roll(seed, delivery) };
    if (faults) behaviour.does(moment);
    else behave(moment);
  }

  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => void receive(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    arrivals,
    strays,
    delivered,
    recover: () => void (faults = false),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function proves(webhook: Webhook | undefined, body: Buffer, request: IncomingMessage): boolean {
  const headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [name, header(request, name)]);
  try {
    webhook?.verify(body, Object.fromEntries(headers), { jsonParse: false });
    return webhook !== undefined;
  } catch {
    return false;
  }
}

/** The library takes a body for text. One that is none is verified as the specification says, over its bytes. */
function provesBytes(secret: string, body: Buffer, request: IncomingMessage): boolean {
  const head = Buffer.from(`${header(request, "webhook-id")}.${header(request, "webhook-timestamp")}.`);
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const expected = createHmac("sha256", key).update(head).update(body).digest();
  return header(request, "webhook-signature")
    .split(" ")
    .map((signature) => Buffer.from(signature.replace("v1,", ""), "base64"))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}
