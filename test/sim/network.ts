// The network and the destinations behind it: what arrives, byte for byte, and every way in which a receiver can answer.
import { call, never, running, type Invocation } from "./isolate.ts";
import type { Fault } from "./faults.ts";
import { thanksFor } from "./replying.ts";
import type { Scheduler } from "./scheduler.ts";

/** What a destination does with a request while nothing hits it from outside. */
export type Mood =
  | "ok"
  | "204"
  | "500"
  | "404"
  | "410"
  | "hang"
  | "trickle"
  | "slow"
  | "redirect"
  | "429 later"
  | "endless"
  /** A failure, with the receiver's own word that this event, or any event, is not wanted. */
  | "abort"
  | "disable"
  /** An error page that says back the whole request, secrets and all. */
  | "echo";

/** A request that reached a destination. */
export interface Arrival {
  readonly destination: string;
  readonly url: string;
  readonly at: number;
  /** What the sender's clock showed. */
  readonly wall: number;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly by: Invocation;
  /** `null` until there is an answer, and for ever where none came. */
  status: number | null;
  /** When the status was said. */
  saidAt: number | null;
  /** What the receiver asked for beside its status. */
  asked: "abort" | "disable" | null;
  /** Whether the answer came to its end. */
  complete: boolean;
  /** When the exchange was over, for whatever reason. */
  over: number | null;
}

export type Reach = (url: string, init: RequestInit) => Promise<Response>;

/** The longest that any exchange may take, in ms: 15 s, and what a busy machine needs to notice. */
const PATIENCE_MS = 15_500;
/** Where a redirect leads. Nothing may ever arrive there. */
const TRAP = "https://trap.example.net/take";

export class Network {
  readonly #scheduler: Scheduler;
  /** By host: the destination's name. */
  readonly hosts = new Map<string, string>();
  readonly moods = new Map<string, Mood>();
  readonly arrivals: Arrival[] = [];
  /** Requests as they left their isolates, whether or not they arrived. */
  readonly begun: { readonly destination: string; readonly at: number }[] = [];
  onArrival: (arrival: Arrival) => void = () => {};
  onTooLong: (arrival: Arrival) => void = () => {};

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Connections that are open and whose caller still lives. */
  get busy(): boolean {
    return this.arrivals.some((arrival) => arrival.over === null && arrival.by.alive);
  }

  readonly reach: Reach = (url, init) => {
    const caller = running.getStore();
    if (caller === undefined) return never();
    const destination = this.hosts.get(new URL(url).host) ?? "nobody";
    this.begun.push({ destination, at: this.#scheduler.now });
    const aborted = new Promise<never>((_, reject) => {
      init.signal?.addEventListener("abort", () => reject(new Error("The operation was aborted")), { once: true });
    });
    aborted.catch(() => {});
    const answer = call<Response>(this.#scheduler, {
      kind: "fetch",
      what: destination,
      error: "Network connection lost.",
      effect: () => this.#arrive(url, init, caller, this.moods.get(destination) ?? "ok"),
      special: (fault) => () => this.#hit(fault, url, init, caller),
    });
    return Promise.race([answer, aborted]);
  };

  async #hit(fault: Fault, url: string, init: RequestInit, caller: Invocation): Promise<Response> {
    if (fault === "refuse connection") throw new TypeError("connection refused");
    if (fault === "kill after" || fault === "cancel after") return await this.#arrive(url, init, caller, "ok");
    return await this.#arrive(url, init, caller, fault);
  }

  async #arrive(url: string, init: RequestInit, caller: Invocation, mood: string): Promise<Response> {
    const scheduler = this.#scheduler;
    const destination = this.hosts.get(new URL(url).host) ?? "nobody";
    const arrival: Arrival = {
      destination,
      url,
      at: scheduler.now,
      wall: caller.isolate.wall(),
      method: init.method ?? "GET",
      headers: Object.fromEntries(new Headers(init.headers)),
      body: bytesOf(init.body),
      by: caller,
      status: null,
      saidAt: null,
      asked: null,
      complete: false,
      over: null,
    };
    this.arrivals.push(arrival);
    const over = () => {
      arrival.over ??= scheduler.now;
    };
    init.signal?.addEventListener("abort", over, { once: true });
    caller.onEnd(over);
    if (init.signal?.aborted === true) over();
    scheduler.tell(
      "event",
      destination,
      `hears ${arrival.headers["webhook-id"]} attempt ${arrival.headers["hookline-attempt"]}, ${mood}`,
    );
    this.onArrival(arrival);
    scheduler.after(PATIENCE_MS, () => {
      if (arrival.over === null && caller.alive) this.onTooLong(arrival);
    });
    return await this.#answer(mood, arrival, init, caller);
  }

  async #answer(mood: string, arrival: Arrival, init: RequestInit, caller: Invocation): Promise<Response> {
    const say = (status: number, text: string | null, headers: Record<string, string> = {}) => {
      arrival.status = status;
      arrival.saidAt = this.#scheduler.now;
      arrival.complete = true;
      arrival.over ??= this.#scheduler.now;
      return new Response(text, { status, headers });
    };
    switch (mood) {
      case "ok":
        return say(200, thanksFor(arrival.headers["webhook-id"]));
      case "204":
        return say(204, null);
      case "500":
        return say(500, "no");
      case "404":
        return say(404, "who?");
      case "410":
        return say(410, "gone");
      case "abort":
      case "disable":
        arrival.asked = mood;
        return say(500, "no more", { "webhook-delivery": mood === "abort" ? "abort-message" : "disable" });
      case "echo":
        return say(500, `Cannot ${arrival.method} ${arrival.url}\n${JSON.stringify(arrival.headers)}`);
      case "429 later":
        return say(429, "later", { "retry-after": "90" });
      case "503 lies":
        return say(503, "busy", { "retry-after": "99999999999" });
      case "503 past":
        return say(503, "busy", { "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT" });
      case "redirect": {
        const response = say(302, null, { location: TRAP });
        if (init.redirect === "manual") return response;
        return await this.#arrive(TRAP, init, caller, "ok");
      }
      case "reset":
        arrival.over ??= this.#scheduler.now;
        throw new TypeError("connection reset");
      case "slow":
        await this.#pause(9000);
        return say(200, "at last");
      case "half":
        return this.#stream(arrival, 200, 1);
      case "trickle":
        return this.#stream(arrival, 200, 200);
      case "endless":
        return this.#flood(arrival);
      default:
        return await never();
    }
  }

  /** A body that comes drop by drop; after `drops` the connection breaks. */
  #stream(arrival: Arrival, status: number, drops: number): Response {
    const scheduler = this.#scheduler;
    arrival.status = status;
    arrival.saidAt = scheduler.now;
    const end = () => {
      arrival.over ??= scheduler.now;
    };
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        let count = 0;
        const drop = () => {
          if (arrival.over !== null) return;
          count += 1;
          if (count > drops) {
            end();
            controller.error(new TypeError("connection reset"));
            return;
          }
          controller.enqueue(new Uint8Array([46]));
          scheduler.after(4000, drop);
        };
        drop();
      },
      cancel: end,
    });
    return new Response(body, { status });
  }

  /** A body without end, as fast as it is read. Read to its cap, a 2xx is a yes. */
  #flood(arrival: Arrival): Response {
    arrival.status = 200;
    arrival.saidAt = this.#scheduler.now;
    const piece = new Uint8Array(16_384).fill(46);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += piece.length;
        controller.enqueue(piece);
        // Far beyond any cap, and far below what would hurt the machine that runs this.
        if (sent > 4_000_000) controller.close();
      },
      cancel: () => {
        arrival.over ??= this.#scheduler.now;
        arrival.complete = true;
      },
    });
    return new Response(body, { status: 200 });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.after(ms, resolve);
    });
  }
}

const encoder = new TextEncoder();

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body.slice();
  return typeof body === "string" ? encoder.encode(body) : new Uint8Array(0);
}
