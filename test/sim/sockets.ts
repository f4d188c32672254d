// The sockets of a Durable Object: they outlive its sleep and not its death, and what is said on them may be the last.
import type { Fault } from "./faults.ts";
import { running } from "./isolate.ts";
import { EPOCH, type Scheduler } from "./scheduler.ts";

export type Said = string | Uint8Array;

const [OPEN, CLOSING, CLOSED] = [1, 2, 3];
/** What a client is told whose connection has broken. */
const BROKEN = 1006;
/** How often a client that is awake says "ping", in ms. */
const PING_MS = 15_000;
const MISSING = new Date(0);

/** Whom an object's sockets belong to. */
export interface Owner {
  readonly scheduler: Scheduler;
  /** Calls a handler of the object, which wakes up for it. */
  hear(method: "webSocketMessage" | "webSocketClose", ...args: readonly unknown[]): void;
  kill(why: string): void;
  hibernate(): void;
}

/** The end that a listener holds. */
export class Client {
  onMessage: (said: Said) => void = () => {};
  /** Told once that it is over, unless it has left by itself. */
  onClose: (code: number) => void = () => {};
  /** Told of what goes wrong with its machine. */
  onStruck: (fault: "dies" | "sleeps") => void = () => {};
  name = "listener";
  server: Server | null = null;
  isOver = false;
  /** Since when it says nothing any more, in ms of the world. */
  asleepSince: number | null = null;

  say(said: Said): void {
    if (!this.isOver) this.server?.carry(`from ${this.name}`, said, true);
  }

  /** It goes, and the other end hears of it. */
  leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.server?.ends();
  }

  /** The connection is over; nobody need have said so. */
  ended(code: number): void {
    if (this.isOver) return;
    this.isOver = true;
    this.onClose(code);
  }
}

/** The end that the object holds, as the platform offers it. */
export class Server {
  readyState = OPEN;
  readonly #scheduler: Scheduler;
  readonly #client: Client;
  readonly #since: number;
  #owner: Owner | null = null;
  #attachment: unknown = null;
  #arrives = 0;
  #leaves = 0;
  /** Whether what is said here reaches nobody, and this end does not know it. */
  #isDeaf = false;

  constructor(scheduler: Scheduler, client: Client) {
    this.#scheduler = scheduler;
    this.#client = client;
    this.#since = scheduler.now;
  }

  acceptedBy(owner: Owner): void {
    this.#owner = owner;
  }

  serializeAttachment(value: unknown): void {
    this.#attachment = structuredClone(value);
  }

  deserializeAttachment(): unknown {
    return structuredClone(this.#attachment);
  }

  send(said: Said): void {
    if (this.readyState !== OPEN) throw new TypeError("Can't call WebSocket send() after close().");
    this.carry(`to ${this.#client.name}`, typeof said === "string" ? said : said.slice(), false);
  }

  close(code: number): void {
    if (this.readyState !== OPEN) return;
    this.readyState = CLOSING;
    this.#later(false, 10, () => {
      if (this.#isDeaf || this.#client.asleepSince !== null) return;
      this.#client.ended(code);
      this.ends();
    });
  }

  /** The client has gone. */
  ends(): void {
    const owner = this.#owner;
    this.#later(true, 15, () => {
      if (this.readyState === CLOSED || owner === null || this.#owner === null) return;
      this.readyState = CLOSED;
      owner.hear("webSocketClose", this, BROKEN, "", false);
    });
  }

  /** The object has died, and all its connections with it. */
  dies(): void {
    this.#owner = null;
    this.readyState = CLOSED;
    this.#later(false, 40, () => {
      if (!this.#isDeaf && this.#client.asleepSince === null) this.#client.ended(BROKEN);
    });
  }

  /** When the platform has answered the last "ping". */
  get pingedAt(): Date {
    const until = this.#isDeaf ? this.#since : (this.#client.asleepSince ?? this.#scheduler.now);
    const pings = Math.floor((until - this.#since) / PING_MS);
    return pings === 0 ? MISSING : new Date(EPOCH + this.#since + pings * PING_MS);
  }

  /** Says something; in each direction what was said first arrives first. */
  carry(what: string, said: Said, isInwards: boolean): void {
    const { point, fault } = this.#scheduler.pass("socket", what);
    const slow = fault === "slow" ? 500 + this.#scheduler.roll(`slow ${point.name}`) * 6_000 : 0;
    this.#later(isInwards, this.#scheduler.latency(point, "there") + slow, () => {
      if (this.#isHitBy(fault)) return;
      if (isInwards) {
        if (this.readyState === OPEN) this.#owner?.hear("webSocketMessage", this, bufferOf(said));
      } else if (!this.#isDeaf && !this.#client.isOver) this.#client.onMessage(said);
    });
  }

  /** Whether what was said is lost. */
  #isHitBy(fault: Fault | null): boolean {
    if (fault === "object sleeps") this.#owner?.hibernate();
    else if (fault === "listener dies") this.#client.onStruck("dies");
    else if (fault === "listener sleeps") this.#client.onStruck("sleeps");
    else if (fault === "object dies") this.#owner?.kill("on a socket");
    else if (fault === "break" || fault === "break unheard") {
      // As where a machine changes its network: the object goes on believing in the connection.
      this.#isDeaf = fault === "break unheard";
      this.#client.ended(BROKEN);
      if (!this.#isDeaf) this.ends();
    }
    return fault !== null && fault !== "slow" && fault !== "object sleeps";
  }

  #later(isInwards: boolean, ms: number, run: () => void): void {
    const { now } = this.#scheduler;
    const at = Math.max(now + ms, (isInwards ? this.#arrives : this.#leaves) + 0.001);
    if (isInwards) this.#arrives = at;
    else this.#leaves = at;
    this.#scheduler.after(at - now, run);
  }
}

/** What an object has accepted. */
export class Sockets {
  readonly #owner: Owner;
  #accepted: Server[] = [];

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** Those whose other end the object may still believe in. */
  get open(): Server[] {
    this.#accepted = this.#accepted.filter(({ readyState }) => readyState !== CLOSED);
    return this.#accepted;
  }

  /** What the platform's state of an object offers for them. */
  get state(): object {
    return {
      getWebSockets: () => [...this.open],
      acceptWebSocket: (server: Server) => {
        server.acceptedBy(this.#owner);
        this.#accepted.push(server);
      },
      setWebSocketAutoResponse: () => {},
      getWebSocketAutoResponseTimestamp: (server: Server) => (server.pingedAt === MISSING ? null : server.pingedAt),
    };
  }

  /** The object has died. */
  die(): void {
    for (const server of this.open) server.dies();
    this.#accepted = [];
  }
}

/** `new WebSocketPair()`, for whoever runs inside. */
export class Pair {
  readonly 0: Client;
  readonly 1: Server;

  constructor() {
    const owner = running.getStore();
    if (owner === undefined) throw new Error("a pair of sockets outside of every world");
    this[0] = new Client();
    this[1] = new Server(owner.isolate.scheduler, this[0]);
    this[0].server = this[1];
  }
}

/** Node's Response has no status 101 and no socket. */
export const ResponseWithSocket = new Proxy(Response, {
  construct(target, [body, init]: [string | null, (ResponseInit & { webSocket?: Client }) | undefined], newTarget) {
    if (init?.status !== 101) return Reflect.construct(target, [body, init], newTarget);
    const response = new target(null);
    Object.defineProperty(response, "status", { value: 101 });
    Object.defineProperty(response, "webSocket", { value: init.webSocket });
    return response;
  },
});

/** The end that whoever has asked for it gets. */
export function socketOf(response: Response): { socket?: Client } {
  const socket: unknown = Reflect.get(response, "webSocket");
  return socket instanceof Client ? { socket } : {};
}

function bufferOf(said: Said): string | ArrayBuffer {
  return typeof said === "string" ? said : new Uint8Array(said).buffer;
}
