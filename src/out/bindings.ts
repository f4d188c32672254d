// Where no URL leads: another Worker, a queue, a bucket, e-mail or a tunnel, each in the place of the network.
// It knows no binding by itself: what they are called is looked up by the one who opens them.
import { encodeBody } from "../bytes/body.ts";
import type { Reach } from "../net/send.ts";
import type { Binding } from "../types.ts";
import { type Mailer, toEmail } from "./email.ts";
import { type Keyed, objectKey } from "./object-key.ts";

/** The way to whoever listens to a tunnel. */
export type ToTunnel = (destination: string, told: Told) => Reach;

/** What a listener is told of an attempt, beside its request. */
export interface Told {
  readonly event: string;
  readonly source: string;
  readonly type: string;
  readonly receivedAt: number;
  readonly attempt: number;
  /** Whether it was not claimed: it must not come before what is held. */
  readonly isFirst: boolean;
  /** How long the attempt may take. */
  readonly timeoutMs: number;
}

/** The way to a binding, for one attempt; `null` where there is none of that name and kind. */
export type Bindings = (
  binding: Binding,
  event: Keyed,
  which: Pick<Told, "attempt" | "isFirst" | "timeoutMs">,
) => Reach | null;

/** What each kind must be able to do. */
const VERBS = { service: "fetch", queue: "send", r2: "put", email: "send" } as const;

type Request = Parameters<Reach>[1];

/** What is asked of bindings, as the platform declares it. */
interface Bound {
  fetch(...request: Parameters<Reach>): Promise<Response>;
  send(message: object, options: { readonly contentType: "json" }): Promise<unknown>;
  put(
    key: string,
    value: Uint8Array,
    options: {
      readonly httpMetadata: { readonly contentType?: string; readonly contentEncoding?: string };
      readonly customMetadata: Record<string, string>;
    },
  ): Promise<unknown>;
}

/**
 * A message may have 128,000 bytes, with what the platform adds
 * (https://developers.cloudflare.com/queues/platform/limits/).
 */
const MESSAGE_BYTES = 127_000;
/** What an object may have of metadata, in bytes (https://developers.cloudflare.com/r2/platform/limits/). */
const METADATA_BYTES = 8_000;

/**
 * @param find the binding of a name, as the Worker's env has it
 * @param toTunnel the way to whoever listens
 */
export function openBindings(find: (name: string) => unknown, toTunnel: ToTunnel): Bindings {
  return (binding, event, which) => {
    if (binding.kind === "tunnel") {
      const { id, source, type, receivedAt } = event;
      return toTunnel(binding.name, { event: id, source, type, receivedAt, ...which });
    }
    const found = find(binding.name);
    const verb = VERBS[binding.kind];
    if (!isBinding(found) || typeof Reflect.get(found, verb) !== "function") return null;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it can do the one thing that it is asked for
    const bound = found as Bound & Mailer;
    switch (binding.kind) {
      case "service":
        return async (url, request) => await bound.fetch(url, request);
      case "queue":
        return taking(async (request) => await toQueue(bound, request));
      case "email":
        return taking(async ({ body }) => await toEmail(bound, body));
      case "r2":
        return taking(async (request) => await toBucket(bound, objectKey(binding.key, event), request));
    }
    return binding satisfies never;
  };
}

/** A var is none; some services are functions. */
function isBinding(found: unknown): found is object {
  return typeof found === "function" || (typeof found === "object" && found !== null);
}

/** What a binding says is no HTTP: that it took the event is 200, and that it did not is 503 with its own words. */
function taking(take: (request: Request) => Promise<Response>): Reach {
  return async (_url, request) => {
    const { signal } = request;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
    const taken = take(request).catch((error: unknown) => new Response(String(error), { status: 503 }));
    return await Promise.race([taken, aborted]);
  };
}

async function toQueue(queue: Pick<Bound, "send">, { headers, body }: Request): Promise<Response> {
  const { encoding, data } = encodeBody(body);
  const message = { headers, encoding, body: data };
  const size = new TextEncoder().encode(JSON.stringify(message)).length;
  // It would never fit: no attempt more is made.
  if (size > MESSAGE_BYTES)
    return new Response(`the message has ${size} bytes, and a queue takes ${MESSAGE_BYTES}`, {
      status: 413,
      headers: { "webhook-delivery": "abort-message" },
    });
  await queue.send(message, { contentType: "json" });
  return new Response("in the queue");
}

async function toBucket(bucket: Pick<Bound, "put">, key: string, { headers, body }: Request): Promise<Response> {
  const { "content-type": contentType, "content-encoding": contentEncoding, ...others } = headers;
  await bucket.put(key, body, {
    httpMetadata: {
      ...(contentType === undefined ? {} : { contentType }),
      ...(contentEncoding === undefined ? {} : { contentEncoding }),
    },
    customMetadata: fitting(others),
  });
  return new Response(key);
}

function rank(name: string): number {
  return /^(?:webhook|hookline)-/.test(name) ? 0 : 1;
}

/** The relay's own headers first, and the others for as long as there is room. */
function fitting(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(headers).toSorted(([a], [b]) => rank(a) - rank(b))) {
    size += name.length + value.length;
    if (size > METADATA_BYTES) break;
    kept[name] = value;
  }
  return kept;
}
