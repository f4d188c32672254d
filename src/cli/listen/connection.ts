// One connection to a tunnel, until it ends: deliveries come in pieces, are posted to this machine once the relay says
// "go", and their answers go back.
import { concatenated } from "../../bytes/encoding.ts";
import { parsed } from "../../bytes/json.ts";
import { type FromListener, type FromObject, fromObject, ofPiece, PING_MS } from "../../tunnel/frames.ts";
import type { Local, Said } from "./post.ts";

/** A relay that does not answer a ping for so long is gone, in ms. */
const PONG_MS = 10_000;
/** A clock that has jumped by more than this means that the machine has slept, in ms. */
const SLEPT_MS = 5_000;
const TICK_MS = 1_000;

type Push = Extract<FromObject, { type: "push" }>;

/** A delivery that has come, with all of its body. */
export interface Come extends Push {
  readonly body: Uint8Array;
}

export interface Hooks {
  readonly hello: Omit<Extract<FromListener, { type: "hello" }>, "type">;
  role(role: Extract<FromObject, { type: "role" }>): void;
  /** Posts it. */
  post(local: Local, come: Come, end: AbortSignal): Promise<Said>;
  /** It was posted. */
  said(come: Come, said: Said, latencyMs: number): void;
  /** Another listener got one, or answered one. */
  watched(frame: Extract<FromObject, { type: "seen" | "answered" }>): void;
}

/** Why a connection has ended. */
export interface Ended {
  readonly wasOpen: boolean;
  readonly why: string;
  /** Whether to come back at once. */
  readonly isOver: boolean;
}

/** Opens it, and resolves when it has ended. */
export async function connection(url: URL, key: string, hooks: Hooks): Promise<Ended> {
  // Node's own WebSocket takes headers; the type, which is the browser's, does not know.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } } as unknown as string[]);
  socket.binaryType = "arraybuffer";
  const talk = new Talk(socket, hooks);
  return await new Promise((resolve) => {
    let wasOpen = false;
    let why = "the connection has ended";
    const leave = (because: string) => {
      why = because;
      done(false);
      socket.close();
    };
    const heart = heartbeat(talk, leave);
    const done = (isOver: boolean) => {
      heart.stop();
      talk.end();
      resolve({ wasOpen, why, isOver });
    };
    socket.addEventListener("open", () => {
      wasOpen = true;
      talk.say({ type: "hello", ...hooks.hello });
    });
    socket.addEventListener("message", ({ data }) => {
      // What was said while the machine slept is old: the relay has given it to others, or tries it again.
      if (heart.isAwake()) talk.hears(data);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (reason !== "") why = reason;
      done(code === 4000);
    });
  });
}

/** Pings, and notices that the machine has slept: by its own clock, or by the first message that comes after that. */
function heartbeat(talk: Talk, leave: (why: string) => void): { stop(): void; isAwake(): boolean } {
  let last = Date.now();
  let pinged = last;
  let isAsleep = false;
  const isAwake = () => {
    if (!isAsleep && Date.now() - last > SLEPT_MS) {
      isAsleep = true;
      leave("this machine has slept");
    }
    return !isAsleep;
  };
  const timer = setInterval(() => {
    const now = Date.now();
    if (!isAwake()) return;
    if (now - talk.heardAt > PING_MS + PONG_MS) leave("the relay is silent");
    else if (now - pinged >= PING_MS) {
      pinged = now;
      talk.ping();
    }
    last = now;
  }, TICK_MS);
  return { stop: () => clearInterval(timer), isAwake };
}

class Talk {
  readonly #socket: WebSocket;
  readonly #hooks: Hooks;
  readonly #coming = new Map<number, { push: Push; pieces: Uint8Array[]; end: AbortController }>();
  heardAt = Date.now();

  constructor(socket: WebSocket, hooks: Hooks) {
    this.#socket = socket;
    this.#hooks = hooks;
  }

  say(frame: FromListener): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send("ping");
  }

  /** What was not posted yet is the next connection's. */
  end(): void {
    this.#coming.clear();
  }

  hears(data: unknown): void {
    this.heardAt = Date.now();
    if (data === "pong") return;
    if (data instanceof ArrayBuffer) {
      const { n, bytes } = ofPiece(new Uint8Array(data));
      this.#coming.get(n)?.pieces.push(bytes);
      this.#got(n);
      return;
    }
    const read = fromObject.safeParse(parsed(String(data)));
    // A newer relay may say more than this command knows.
    if (!read.success) return;
    const frame = read.data;
    switch (frame.type) {
      case "role":
        this.#hooks.role(frame);
        return;
      case "push":
        this.#coming.set(frame.n, { push: frame, pieces: [], end: new AbortController() });
        this.#got(frame.n);
        return;
      case "go":
        void this.#go(frame.n);
        return;
      case "over":
        this.#coming.get(frame.n)?.end.abort();
        this.#coming.delete(frame.n);
        return;
      case "seen":
      case "answered":
        this.#hooks.watched(frame);
    }
  }

  #got(n: number): void {
    const one = this.#coming.get(n);
    if (one !== undefined) this.say({ type: "got", n, pieces: one.pieces.length });
  }

  async #go(n: number): Promise<void> {
    const one = this.#coming.get(n);
    if (one === undefined) return;
    const come = { ...one.push, body: concatenated(one.pieces) };
    const { method, path, headers, body } = come;
    const began = performance.now();
    const said = await this.#hooks.post({ method, path, headers, body }, come, one.end.signal);
    this.#coming.delete(n);
    this.#hooks.said(come, said, Math.round(performance.now() - began));
    this.say({ type: "answer", n, status: said.status, headers: said.headers, body: said.body.toString("base64") });
  }
}
