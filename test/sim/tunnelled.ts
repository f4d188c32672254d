// In some worlds a destination is a tunnel: two people listen to it now and then, from machines that sleep, die and change their network.
import { type Invocation, running } from "./isolate.ts";
import type { Arrival } from "./network.ts";
import type { Platform } from "./platform.ts";
import { Listener } from "./listener.ts";
import { DESK, type Listening, type Who } from "./listening.ts";

/** Nobody waits longer for an answer, in ms. */
const ATTEMPT_MS = 15_000;
export interface Coming {
  readonly push: {
    readonly n: number;
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly path: string;
  };
  readonly pieces: Uint8Array[];
  arrival: Arrival | null;
}

/** The tunnel, as whoever stands outside the relay sees it. */
export class Desk {
  readonly #platform: Platform;
  readonly #listeners: Readonly<Record<Who, Listener>>;
  /** Who makes an attempt, since when by its own clock, and under which name, by its number on the sockets. */
  readonly #made = new Map<number, { readonly by: Invocation; readonly wall: number; readonly call: string }>();
  readonly #arrived = new Map<number, Arrival>();
  /** Deliveries that were held for a listener when one came, and have not been posted since. */
  waiting: { readonly event: number; readonly id: string }[] = [];

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#listeners = { ann: new Listener("ann", platform, this), bob: new Listener("bob", platform, this) };
  }

  take({ who, act }: Listening): void {
    this.#listeners[who].take(act);
  }

  /** The storm is over: whoever wants every event listens, or nobody ever does again. */
  calm(comes: boolean): void {
    for (const listener of Object.values(this.#listeners)) listener.take("go");
    if (comes) this.#listeners.ann.take("come");
  }

  /** The object's stub, and what an attempt is made of is remembered. */
  heardBy(stub: object): object {
    const { scheduler } = this.#platform;
    const words = {
      offered: (maker: Invocation | undefined, wall: number, call: unknown, offered: unknown) => {
        const n: unknown = Reflect.get(Object(offered), "n");
        if (maker !== undefined && typeof n === "number") this.#made.set(n, { by: maker, wall, call: String(call) });
      },
      over: (isIt: (n: number) => boolean, wasHeard: boolean) => {
        for (const [n, arrival] of this.#arrived) {
          if (!isIt(n)) continue;
          arrival.over ??= scheduler.now;
          if (wasHeard) arrival.saidAt ??= scheduler.now;
        }
      },
    };
    return new Proxy(stub, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: readonly unknown[]) => {
          const maker = running.getStore();
          const wall = maker?.isolate.wall() ?? 0;
          if (name === "over") words.over((n) => this.#made.get(n)?.call === args[0], false);
          const answer: unknown = await Reflect.apply(method, target, args);
          if (name === "offer") words.offered(maker, wall, Reflect.get(Object(args[1]), "call"), answer);
          if (name === "go") words.over((n) => n === args[0], answer !== null);
          return answer;
        };
      },
    });
  }

  /** Somebody has come. */
  greeted(): void {
    const { d1 } = this.#platform;
    if (!d1.hasTable("listeners")) return;
    this.waiting = d1.look(
      "SELECT event, (SELECT id FROM events WHERE seq = event) AS id FROM deliveries WHERE destination = ?1 AND state = 'held' AND waits = 'tunnel'",
      DESK,
    );
  }

  /** A delivery is posted to a server on somebody's machine. `null` where whoever has made it is gone. */
  posted({ push, pieces }: Coming): Arrival | null {
    const { scheduler, network } = this.#platform;
    const made = this.#made.get(push.n);
    if (made === undefined) return null;
    const { by, wall } = made;
    const arrival: Arrival = {
      destination: DESK,
      url: `http://localhost${push.path}`,
      at: scheduler.now,
      wall,
      method: push.method,
      headers: push.headers,
      body: Buffer.concat(pieces),
      by,
      status: null,
      saidAt: null,
      asked: null,
      complete: false,
      over: null,
    };
    this.#arrived.set(push.n, arrival);
    network.arrivals.push(arrival);
    const over = () => {
      arrival.over ??= scheduler.now;
    };
    by.onEnd(over);
    scheduler.after(ATTEMPT_MS, over);
    scheduler.tell("event", DESK, `hears ${push.headers["webhook-id"]} attempt ${push.headers["hookline-attempt"]}`);
    network.onArrival(arrival);
    const id = push.headers["webhook-id"];
    this.waiting = this.waiting.filter((one) => one.id !== id);
    return arrival;
  }
}
