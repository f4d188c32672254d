// The Tunnel object: who listens to a destination on a machine of their own, and every delivery on its way there.
import type { SocketState } from "../feed/sockets.ts";
import type { Log } from "../log.ts";
import type { Bell } from "../types.ts";
import { Drain, type Released } from "./drain.ts";
import { CLOSED, readListener, type FromListener } from "./frames.ts";
import { type Answered, Handing, type Pushed } from "./handing.ts";
import { Seats } from "./seats.ts";

/** Between two looks whether anybody is asleep, in ms. */
const ALARM_MS = 60_000;
/** Numbers of deliveries begin anywhere: those of an object that has died are nobody's. */
const NUMBERS = 2 ** 31;
/** Longest that a listener may say at once, in characters: an answer has 64 KiB of a body and a few headers. */
const LONGEST_SAID = 512 * 1024;
/** Bodies that are under way at once, in bytes: an object has 128 MB for everything. */
const MOST_BYTES = 48 * 1024 * 1024;

export interface TunnelDeps {
  /** Notes in D1 that somebody listens. */
  readonly listen: (destination: string) => Promise<void>;
  /** Notes in D1 that nobody does, unless somebody has come by then. */
  readonly forget: (destination: string, isEmpty: () => boolean) => Promise<void>;
  readonly release: (destination: string) => Promise<Released>;
  readonly deliver: (bells: readonly Bell[]) => Promise<void>;
  readonly now: () => number;
  readonly dice: () => number;
  readonly log: Log;
}

/** What became of an offer: the listener has it and waits for "go", or nobody was there. */
export type Offered =
  | { readonly kind: "got"; readonly n: number }
  /** The listener is there, and has not got it in time: that was an attempt. */
  | { readonly kind: "slow" }
  /** Too much is under way. */
  | { readonly kind: "busy" }
  | { readonly kind: "unheard"; readonly why: "tunnel" | "filter" };

export class Tunnel {
  readonly #state: SocketState;
  readonly #deps: TunnelDeps;
  readonly #seats: Seats;
  readonly #handings = new Map<number, Handing>();
  #drain: Drain | null = null;
  #bytes = 0;
  #n: number;

  constructor(state: SocketState, deps: TunnelDeps) {
    this.#state = state;
    this.#deps = deps;
    this.#seats = new Seats(state, deps.now);
    this.#n = Math.floor(deps.dice() * NUMBERS);
  }

  /** Opens a listener's socket. */
  async join(destination: string, until: number): Promise<Response> {
    this.#dismiss();
    const answer = this.#seats.join(destination, until);
    await this.#arm(ALARM_MS);
    return answer;
  }

  /** What a listener says. */
  async hears(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const isHeard = typeof message === "string" && message.length <= LONGEST_SAID;
    const frame = isHeard ? readListener(message) : null;
    if (frame === null) socket.close(CLOSED.wrong, "not understood");
    else if (frame.type === "hello") await this.#greet(socket, frame);
    else if (frame.type === "got") this.#handingOf(socket, frame.n)?.hears(frame.pieces);
    else this.#handingOf(socket, frame.n)?.answers(frame);
  }

  /** A listener has gone. */
  async loses(socket: WebSocket): Promise<void> {
    const destination = this.#seats.destinationOf(socket);
    for (const handing of this.#handings.values()) if (handing.wire === socket) handing.end();
    if (this.#seats.isListening) this.#seats.tellRoles();
    else await this.#forget(destination);
  }

  /** Hands a delivery to a listener, who does nothing with it before `go`. */
  async offer(destination: string, pushed: Pushed): Promise<Offered> {
    // What was held comes first.
    if (pushed.isFirst && this.#seats.isListening && !(await this.#drainOf(destination).isClear()))
      return { kind: "unheard", why: "tunnel" };
    this.#dismiss();
    for (;;) {
      if (this.#bytes > 0 && this.#bytes + pushed.body.length > MOST_BYTES) return { kind: "busy" };
      const socket = this.#seats.chosen(pushed);
      if (socket === null && this.#seats.isListening) return { kind: "unheard", why: "filter" };
      if (socket === null) {
        await this.#forget(destination);
        return { kind: "unheard", why: "tunnel" };
      }
      this.#n = (this.#n + 1) % NUMBERS;
      const handing = new Handing(this.#n, pushed, socket);
      this.#handings.set(handing.n, handing);
      this.#bytes += pushed.body.length;
      void handing.answered.then(() => {
        this.#handings.delete(handing.n);
        this.#bytes -= pushed.body.length;
        return undefined;
      });
      handing.begin();
      if (await handing.got) return { kind: "got", n: handing.n };
      if (handing.isGivenUp) return { kind: "busy" };
      if (handing.isSlow) return { kind: "slow" };
      // It does not answer, as a machine that sleeps: whoever else is there gets it.
      socket.close(CLOSED.silent, "silent for too long");
    }
  }

  /** The attempt begins, and ends with the local answer. `null` where there is none. */
  async go(n: number): Promise<Answered | null> {
    const handing = this.#handings.get(n);
    if (handing?.go() !== true) return null;
    const { event, source, type, attempt, body } = handing.pushed;
    const began = this.#deps.now();
    const others = sockets(handing);
    this.#seats.tell(
      { type: "seen", n, event, source, event_type: type, attempt, size: body.length },
      others,
      handing.pushed,
    );
    const answer = await handing.answered;
    const latency = this.#deps.now() - began;
    this.#seats.tell(
      { type: "answered", n, event, status: answer?.status ?? null, latency_ms: latency },
      others,
      handing.pushed,
    );
    return answer;
  }

  /** Nobody waits for it any more. */
  over(call: string): void {
    for (const handing of this.#handings.values()) if (handing.pushed.call === call) handing.giveUp();
  }

  /** Something is held, though somebody listens. */
  wake(destination: string): void {
    // A note in D1 that came too late says that somebody listens; it would have the sweep ask for ever.
    void (this.#seats.isListening ? this.#drainOf(destination).wake() : this.#forget(destination));
  }

  async alarm(): Promise<void> {
    this.#dismiss();
    if (this.#drain?.isIdle === false) await this.#drain.wake();
    await this.#arm(ALARM_MS);
  }

  async #greet(socket: WebSocket, hello: Extract<FromListener, { type: "hello" }>): Promise<void> {
    const destination = this.#seats.destinationOf(socket);
    // What came while nobody was there is looked for before anything else is sent at once.
    this.#drainOf(destination).doubt();
    // First of all: who has been found missing before is not forgotten after this one has come.
    const wrong = this.#seats.sit(socket, hello);
    if (wrong !== null) {
      socket.close(CLOSED.wrong, wrong);
      return;
    }
    try {
      if (!hello.watches) await this.#deps.listen(destination);
    } catch (error) {
      this.#deps.log.warn("tunnel.listen_failed", { destination, error: String(error) });
      socket.close(1011, "the relay's database does not answer: connect again");
      return;
    }
    this.#seats.tellRoles();
    if (!hello.watches) this.wake(destination);
  }

  async #forget(destination: string): Promise<void> {
    try {
      await this.#deps.forget(destination, () => !this.#seats.isListening);
    } catch (error) {
      // Then the next claim finds nobody, and is given back.
      this.#deps.log.warn("tunnel.forget_failed", { destination, error: String(error) });
    }
  }

  #drainOf(destination: string): Drain {
    const { release, deliver, now, log } = this.#deps;
    this.#drain ??= new Drain({
      release: async () => await release(destination),
      deliver,
      isListening: () => this.#seats.isListening,
      later: async (ms) => await this.#arm(ms),
      now,
      log,
    });
    return this.#drain;
  }

  #handingOf(socket: WebSocket, n: number): Handing | undefined {
    const handing = this.#handings.get(n);
    return handing?.wire === socket ? handing : undefined;
  }

  #dismiss(): void {
    this.#seats.dismiss((socket) => [...this.#handings.values()].some(({ wire }) => wire === socket));
  }

  async #arm(ms: number): Promise<void> {
    const { storage } = this.#state;
    const at = await storage.getAlarm();
    const next = this.#deps.now() + ms;
    if (this.#seats.firstEnd === Infinity && ms === ALARM_MS) return;
    if (at === null || at > next) await storage.setAlarm(next);
  }
}

/** Whom it is handed to. */
function sockets({ wire }: Handing): WebSocket {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `offer` has given it one
  return wire as WebSocket;
}
