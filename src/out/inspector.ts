// The receiver that the relay has of its own: keeps what arrives, and answers by a script.
// It stands where the network would.
import type { Inspections } from "../d1/inspections.ts";
import { encodeHead } from "../bytes/body.ts";
import { excerpt } from "../net/excerpt.ts";
import { publicKeys } from "./ed25519.ts";
import { needsKey } from "./formats.ts";
import { restored } from "./gzip.ts";
import { parseScript, stepFor, YES } from "./script.ts";
import type { Log } from "../log.ts";
import { sleep } from "../patience.ts";
import { standard } from "../providers/standard.ts";
import type { Hidden } from "../scheme/redaction.ts";
import type { Reach } from "../net/send.ts";
import { derivedSecret } from "./sign.ts";
import { shownHeaders, shownOf } from "./shown.ts";
import type { Destination, Script, Secret, Step } from "../types.ts";
import { verify } from "../verify/verify.ts";

/** Bytes of a body that are kept. */
const KEPT_BYTES = 64 * 1024;
/** Between two bytes of an answer that comes too slowly, in ms. */
const DRIP_MS = 1_000;

export interface InspectorDeps {
  readonly inspections: Pick<Inspections, "keep">;
  readonly now: () => number;
  readonly log: Log;
}

/** An attempt that goes to an inspector. */
export interface Visit {
  readonly destination: Pick<Destination, "name" | "keys" | "shape"> & { readonly script: Script };
  /** The event's public id. */
  readonly event: string;
  readonly attempt: number;
  /** Texts that are kept of nothing: secrets, and what proves a request. Longest first. */
  readonly hidden: readonly string[];
  /** Which attempt of this round, from 1: it picks the step of the script. */
  readonly nth: number;
  /** Of a redacted event; `isOwn` says whether the body is the event's, to the byte. */
  readonly redacted?: Hidden & { readonly isOwn: boolean };
  /** Whether what arrives is kept sealed, because the event is. */
  readonly sealed?: boolean;
}

export type Inspector = (visit: Visit) => Reach;

/** The receiver. As with one on the network, a request that it could not keep is a connection that broke. */
export function openInspector({ inspections, now, log }: InspectorDeps): Inspector {
  const receive = async (
    { destination, event, attempt, nth, hidden, redacted, sealed = false }: Visit,
    url: string,
    { method, headers, body: sent, signal }: Parameters<Reach>[1],
  ): Promise<Response> => {
    const { name, script, shape } = destination;
    // As a receiver's framework hands it on: people want to read it.
    const body =
      (shape?.gzipAbove ?? null) !== null && headers["content-encoding"] === "gzip" ? await restored(sent) : sent;
    const proof = { method, url, headers: new Headers(headers), body };
    const proven = await isProven(destination, proof, now());
    const { encoding, data } = encodeHead(
      redacted !== undefined ? await shownOf(redacted) : shape?.members === undefined ? body : without(hidden, body),
      KEPT_BYTES,
    );
    const open = redacted === undefined ? masked(headers) : shownHeaders(masked(headers), redacted);
    const asSent = redacted === undefined ? url : "";
    const seen = shape === undefined ? open : asShaped(hidden, asSent, method, open);
    const kept = { destination: name, event, attempt, nth, at: now(), headers: seen, size: body.length };
    const changed = await inspections.keep({ ...kept, encoding, body: data, proven, script: script.text, sealed });
    return await answerOf(stepFor(readScript(changed), nth), signal);
  };
  return (visit) => async (url, request) => {
    try {
      return await Promise.race([receive(visit, url, request), aborted(request.signal)]);
    } catch (error) {
      if (!request.signal.aborted && !(error instanceof Reset)) {
        log.warn("inspector.not_kept", {
          destination: visit.destination.name,
          event: visit.event,
          error: String(error),
        });
      }
      throw error;
    }
  };
}

/** A script that was checked when it was configured or set; an older relay may have known other words. */
export function readScript(text: string): Script {
  const read = parseScript(text);
  return "script" in read ? read.script : YES;
}

/** The break that a script asks for. */
class Reset extends Error {}

async function answerOf(step: Step, signal: AbortSignal): Promise<Response> {
  switch (step.kind) {
    case "status": {
      const { status, retryAfter } = step;
      const headers = retryAfter === null ? undefined : { "retry-after": String(retryAfter) };
      const body = BODILESS.has(status) ? null : `The inspector answers ${status}.`;
      return new Response(body, { status, ...(headers === undefined ? {} : { headers }) });
    }
    case "hang":
      return await aborted(signal);
    case "slow":
      return new Response(drip(signal));
    case "reset":
      throw new Reset("The script breaks the connection here.");
  }
  return step satisfies never;
}

/** Statuses that must not have a body (https://fetch.spec.whatwg.org/#null-body-status). */
const BODILESS = new Set([204, 205, 304]);

function drip(signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      if (signal.aborted) {
        controller.close();
        return;
      }
      controller.enqueue(new Uint8Array([0x2e]));
      await sleep(DRIP_MS);
    },
  });
}

/** Rejects when the sender has waited long enough. */
function aborted(signal: AbortSignal): Promise<never> {
  const gone = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(new Error("aborted"));
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
  });
  gone.catch(() => {});
  return gone;
}

/**
 * Without the signatures: they are fresh, and whoever looks on could use them. Whether they hold is kept.
 */
function masked(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { "webhook-signature": signature, ...others } = headers;
  return signature === undefined ? others : { ...others, "webhook-signature": signature.replaceAll(/,\S*/g, ",…") };
}

/**
 * Without the values of secrets, and with the method and the query where they are not the usual ones, named as HTTP/2
 * names them (RFC 9113, 8.3.1): no header can be called so.
 */
function asShaped(
  hidden: readonly string[],
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const query = URL.parse(url)?.search ?? "";
  const all = {
    ...(method === "POST" ? {} : { ":method": method }),
    ...(query === "" ? {} : { ":query": query }),
    ...headers,
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, excerpt(value, LONGEST, hidden)]));
}

/** A body to which secrets were added, without them. */
function without(hidden: readonly string[], body: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(body);
  return new TextEncoder().encode(excerpt(text, Infinity, hidden));
}

/** Of a header that is shown, in characters. */
const LONGEST = 8 * 1024;

/** Whether the signature is the one that a receiver would look for; `null` where the format has none of the relay's. */
async function isProven(
  { name, keys, shape }: Visit["destination"],
  proof: Parameters<typeof verify>[0],
  now: number,
): Promise<boolean | null> {
  const format = shape?.format ?? "standard";
  if (!needsKey(format)) return null;
  if (shape?.as !== undefined)
    return (await verify(proof, shape.as.scheme, ownSecrets(keys), shape.as.settings, now)).ok;
  if (format !== "standard-v1a")
    return (await verify(proof, standard["standard-webhooks"], await secretsOf(name, keys), {}, now)).ok;
  const secrets = (await publicKeys({ name, keys })).map((value) => ({ name: "its public key", value }));
  return (await verify(proof, standard["standard-webhooks-ed25519"], secrets, {}, now)).ok;
}

function ownSecrets(keys: Destination["keys"]): Secret[] {
  return keys.flatMap((key) => (key.kind === "own" ? [key.secret] : []));
}

/** The destination's keys as its receiver would hold them. */
async function secretsOf(name: string, keys: Destination["keys"]): Promise<Secret[]> {
  return await Promise.all(
    keys.map(async (key) =>
      key.kind === "own" ? key.secret : { name: key.from.name, value: await derivedSecret(key.from.value, name) },
    ),
  );
}
