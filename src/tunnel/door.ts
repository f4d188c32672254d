// The way to whoever listens: a function in the place of `fetch`, for one attempt.
import { decodeBase64 } from "../bytes/encoding.ts";
import type { Log } from "../log.ts";
import { NobodyListens } from "../out/unheard.ts";
import type { ToTunnel } from "../out/bindings.ts";
import { sleep, within } from "../patience.ts";
import { problem } from "../errors.ts";
import type { Answered, Pushed } from "./handing.ts";
import type { Offered } from "./tunnel.ts";

/** After nobody was there, first attempts do not ask for so long, in ms. */
const SILENT_MS = 2_000;
/**
 * A first attempt that is not handed over within this time is the queue's, in ms: its event is committed a second after
 * the grant, and then it could not be given back.
 */
const FIRST_MS = 600;
/** How long the object may take for what is no attempt, in ms. */
const PATIENCE_MS = 5_000;

/** What the object offers. */
export interface TunnelRpc {
  offer(destination: string, pushed: Pushed): Promise<Offered>;
  go(n: number): Promise<Answered | null>;
  over(call: string): Promise<void>;
  wake(destination: string): Promise<void>;
  fetch(request: Request): Promise<Response>;
}

/** The door to the tunnels. */
export interface TunnelDoor {
  readonly reach: ToTunnel;
  /** Whether nobody was there a moment ago. */
  readonly isSilent: (destination: string) => boolean;
  /** Tells the object that something is held, though somebody listens. Never rejects. */
  wake(destination: string): Promise<void>;
  /** Hands a WebSocket upgrade on, for as long as `until` at most; 503 if the object cannot be reached. */
  listen(destination: string, until: number): Promise<Response>;
}

/** @param stub opens the object of a destination */
export function openTunnels(
  stub: (destination: string) => TunnelRpc,
  now: () => number,
  newId: () => string,
  log: Log,
): TunnelDoor {
  const silentUntil = new Map<string, number>();
  const offer = async (destination: string, pushed: Pushed): Promise<number | null> => {
    const offered = await stub(destination)
      .offer(destination, pushed)
      .catch((error: unknown): Offered => {
        // The listener does nothing before "go": the attempt was not made.
        log.warn("tunnel.unreachable", { destination, error: String(error) });
        return { kind: "busy" };
      });
    if (offered.kind === "got") return offered.n;
    if (offered.kind === "slow") return null;
    if (offered.kind === "unheard") silentUntil.set(destination, now() + SILENT_MS);
    throw new NobodyListens(offered.kind === "busy" ? "later" : offered.why);
  };

  return {
    reach: (destination, told) => async (url, request) => {
      const { method, headers, body, signal } = request;
      const { pathname, search } = new URL(url);
      const pushed = { ...told, call: newId(), method, path: `${pathname}${search}`, headers, body };
      const giveUp = async () => {
        // It forgets what nobody asks for by itself, later.
        await stub(destination)
          .over(pushed.call)
          .catch(() => {});
      };
      let hasBegun = false;
      const aborted = new Promise<never>((_, reject) => {
        const end = () => reject(hasBegun ? new Error("aborted") : new NobodyListens("later"));
        signal.addEventListener("abort", end, { once: true });
      });
      try {
        const offering = offer(destination, pushed);
        const n = await Promise.race([told.isFirst ? soon(offering) : offering, aborted]);
        if (n === null) return new Response("the listener took too long to get the body", { status: 503 });
        hasBegun = true;
        return toResponse(await Promise.race([stub(destination).go(n), aborted]));
      } catch (error) {
        if (!(error instanceof NobodyListens) || error.why === "later") void giveUp();
        throw error;
      }
    },

    isSilent: (destination) => (silentUntil.get(destination) ?? 0) > now(),

    async wake(destination) {
      try {
        await within(PATIENCE_MS, "the tunnel", stub(destination).wake(destination));
      } catch (error) {
        // The sweep looks every minute.
        log.warn("tunnel.unreachable", { destination, error: String(error) });
      }
    },

    async listen(destination, until) {
      const query = new URLSearchParams({ destination, until: String(until) });
      const request = new Request(`https://tunnel/?${query.toString()}`, { headers: { upgrade: "websocket" } });
      try {
        return await within(PATIENCE_MS, "the tunnel", stub(destination).fetch(request));
      } catch (error) {
        log.warn("tunnel.unreachable", { destination, error: String(error) });
        return problem({
          status: 503,
          title: "Service Unavailable",
          detail: "the tunnel cannot be reached: try again",
        });
      }
    },
  };
}

/** What is offered, unless it takes too long for a first attempt. */
async function soon(offering: Promise<number | null>): Promise<number | null> {
  const late = sleep(FIRST_MS).then(() => Promise.reject(new NobodyListens("later")));
  return await Promise.race([offering, late]);
}

/** Statuses whose answers have no body: https://fetch.spec.whatwg.org/#null-body-status */
const BODYLESS = new Set([204, 205, 304]);

/** The local answer as the answer of an HTTP receiver, and where there is none, words in its place. */
function toResponse(answer: Answered | null): Response {
  if (answer === null) return new Response("the listener went away before it had an answer", { status: 503 });
  const { status, headers, body } = answer;
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return new Response(`the local server answered ${status}, which is no status`, { status: 502 });
  return new Response(BODYLESS.has(status) ? null : (decodeBase64(body) ?? null), { status, headers });
}
