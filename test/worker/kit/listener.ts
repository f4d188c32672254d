// Somebody who listens to a tunnel, in the test's hands: a real socket to the real object, and a local server that is a
// function.
import { concatenated, encodeBase64 } from "../../../src/bytes/encoding.ts";
import { type FromListener, type FromObject, fromObject, ofPiece } from "../../../src/tunnel/frames.ts";
import { until } from "./relay.ts";

type Push = Extract<FromObject, { type: "push" }>;

/** A delivery as the local server sees it. */
export interface Local extends Omit<Push, "type"> {
  readonly body: Uint8Array;
}

/** What the local server says; `null` for nothing. */
type Say = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | null;

export class Listener {
  readonly socket: WebSocket;
  readonly frames: FromObject[] = [];
  /** What was posted, in order. */
  readonly posted: Local[] = [];
  /** The most pieces that came before one was acknowledged. */
  ahead = 0;
  closed: number | null = null;
  onPost: (local: Local) => Promise<Say> | Say = () => ({ status: 200, body: "thanks" });
  /** Whether it says that it has got what it gets. */
  acknowledges = true;
  readonly #parts = new Map<number, { push: Push; pieces: Uint8Array[] }>();
  #unsaid = 0;

  /** @param answer that of the upgrade */
  constructor(answer: Response) {
    if (answer.webSocket === null) throw new Error(`no socket: ${answer.status}`);
    this.socket = answer.webSocket;
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => this.#hear(data));
    this.socket.addEventListener("close", ({ code }) => {
      this.closed = code;
    });
    this.socket.accept();
  }

  /** Says hello, and waits until it has a role. */
  async hello(wishes: { watches?: boolean; sources?: string[]; events?: string[]; when?: string } = {}): Promise<void> {
    this.say({ type: "hello", watches: false, sources: [], events: [], ...wishes });
    await until(() => this.role !== undefined);
  }

  get role() {
    return this.frames.findLast((frame) => frame.type === "role");
  }

  say(frame: FromListener): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** Events in the order in which they were posted. */
  get events(): string[] {
    return this.posted.map(({ event }) => event);
  }

  #hear(data: unknown): void {
    if (typeof data !== "string") {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a socket has text and bytes
      const { n, bytes } = ofPiece(new Uint8Array(data as ArrayBuffer));
      this.#parts.get(n)?.pieces.push(bytes.slice());
      this.#unsaid += 1;
      this.ahead = Math.max(this.ahead, this.#unsaid);
      this.#got(n);
      return;
    }
    const frame = fromObject.parse(JSON.parse(data));
    this.frames.push(frame);
    if (frame.type === "push") {
      this.#parts.set(frame.n, { push: frame, pieces: [] });
      this.#got(frame.n);
    }
    if (frame.type === "go") void this.#post(frame.n);
  }

  #got(n: number): void {
    if (!this.acknowledges) return;
    // Later than the object's next words: it has to wait for these.
    setTimeout(() => {
      this.#unsaid = 0;
      this.say({ type: "got", n, pieces: this.#parts.get(n)?.pieces.length ?? 0 });
    }, 5);
  }

  async #post(n: number): Promise<void> {
    const part = this.#parts.get(n);
    if (part === undefined) throw new Error("go for nothing");
    const { type: _, ...push } = part.push;
    const local = { ...push, body: concatenated(part.pieces) };
    this.posted.push(local);
    const said = await this.onPost(local);
    if (said === null) return;
    const { status, headers = {}, body = "" } = said;
    this.say({ type: "answer", n, status, headers, body: encodeBase64(new TextEncoder().encode(body)) });
  }
}
