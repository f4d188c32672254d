// One delivery on its way over a socket: its body in pieces, as fast as the listener takes them, then "go", and its
// answer. Until "go" nothing has happened, and another listener may get it.
import type { Told } from "../out/bindings.ts";
import { PIECE_BYTES, PIECES_AHEAD, toPiece, type FromListener, type FromObject } from "./frames.ts";

/** A listener that says nothing for this long is not there, in ms. */
const GOT_MS = 5_000;
/** Whoever offers a delivery says "go" at once, or has died, in ms. */
const GO_MS = 10_000;
/** Of its time, how much an attempt may take until the listener has its body. */
const SLOW_SHARE = 0.6;
/** No attempt takes longer: whoever made it has given up, in ms. */
const ANSWER_MS = 45_000;

/** A request, and what a listener is told of it. */
export interface Pushed extends Told {
  /** New for each call. */
  readonly call: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What the local receiver said. */
export type Answered = Pick<Extract<FromListener, { type: "answer" }>, "status" | "headers" | "body">;

/** What a socket can do. */
export interface Wire {
  send(message: string | Uint8Array): void;
}

export class Handing {
  readonly n: number;
  readonly pushed: Pushed;
  readonly wire: Wire;
  /** Whether the listener has all of it; `false` where it is not there. */
  readonly got: Promise<boolean>;
  /** `null` where the listener went away, or nobody waits any more. */
  readonly answered: Promise<Answered | null>;
  readonly #pieces: number;
  #sent = 0;
  #acked = 0;
  #stage: "sending" | "got" | "gone ahead" | "ended" = "sending";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #slow: ReturnType<typeof setTimeout> | null = null;
  readonly #got = Promise.withResolvers<boolean>();
  readonly #answered = Promise.withResolvers<Answered | null>();

  constructor(n: number, pushed: Pushed, wire: Wire) {
    this.n = n;
    this.pushed = pushed;
    this.wire = wire;
    this.got = this.#got.promise;
    this.answered = this.#answered.promise;
    this.#pieces = Math.ceil(pushed.body.length / PIECE_BYTES);
  }

  /** Whether nobody waits for it any more. */
  isGivenUp = false;
  /** Whether the listener is there, and takes too long to get it. */
  isSlow = false;

  /** Sends head and first pieces. */
  begin(): void {
    const { event, source, type, attempt, method, path, headers, body } = this.pushed;
    const head = { event, source, event_type: type, attempt, size: body.length };
    this.#say({ type: "push", n: this.n, ...head, method, path, headers: { ...headers } });
    this.#pump();
    this.#within(GOT_MS);
    this.#slow = setTimeout(() => {
      this.isSlow = true;
      this.end();
    }, this.pushed.timeoutMs * SLOW_SHARE);
  }

  /** The listener has so many pieces. */
  hears(pieces: number): void {
    if (this.#stage !== "sending") return;
    this.#acked = Math.max(this.#acked, Math.min(pieces, this.#sent));
    this.#within(GOT_MS);
    if (this.#acked < this.#pieces) {
      this.#pump();
      return;
    }
    this.#stage = "got";
    if (this.#slow !== null) clearTimeout(this.#slow);
    this.#within(GO_MS);
    this.#got.resolve(true);
  }

  /** The attempt begins. Returns `false` where it cannot any more. */
  go(): boolean {
    if (this.#stage !== "got") return false;
    this.#stage = "gone ahead";
    this.#within(ANSWER_MS);
    this.#say({ type: "go", n: this.n });
    return true;
  }

  answers(answer: Answered): void {
    if (this.#stage === "gone ahead") this.#end(answer);
  }

  /** Nobody waits for it any more. */
  giveUp(): void {
    this.isGivenUp = true;
    this.end();
  }

  /** The listener is gone, or nobody waits for it any more. */
  end(): void {
    if (this.#stage === "ended") return;
    this.#say({ type: "over", n: this.n });
    this.#end(null);
  }

  #end(answer: Answered | null): void {
    this.#stage = "ended";
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#slow !== null) clearTimeout(this.#slow);
    this.#got.resolve(false);
    this.#answered.resolve(answer);
  }

  #pump(): void {
    const { body } = this.pushed;
    while (this.#sent < this.#pieces && this.#sent - this.#acked < PIECES_AHEAD) {
      const from = this.#sent * PIECE_BYTES;
      this.#sent += 1;
      this.#send(toPiece(this.n, body.subarray(from, from + PIECE_BYTES)));
    }
  }

  #within(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), ms);
  }

  #say(frame: FromObject): void {
    this.#send(JSON.stringify(frame));
  }

  #send(message: string | Uint8Array): void {
    try {
      this.wire.send(message);
    } catch {
      // It has broken off this moment: its end is told beside.
    }
  }
}
