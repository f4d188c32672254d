// The deliver stage in the test's hands: D1 is real and counted; the clock, the network and the bells are the test's.
import { openD1 } from "../../../src/d1/open.ts";
import type { AttemptDeps } from "../../../src/out/attempt.ts";
import { deliver, type DeliverDeps } from "../../../src/out/deliver.ts";
import { openInspector } from "../../../src/out/inspector.ts";
import { type LimiterRpc, openLimits } from "../../../src/limit/door.ts";
import { deliveryId } from "../../../src/ids.ts";
import { Pace } from "../../../src/out/pace.ts";
import { openSend, type Outgoing } from "../../../src/net/send.ts";
import type { Answer, Bell, Destination, Event } from "../../../src/types.ts";
import { type Counted, countedDatabase } from "./counted.ts";
import { candidate, Logged, THEN } from "./hands.ts";
import { bindings } from "./relay.ts";

export const YES: Answer = { status: 200, fault: null, latencyMs: 3, excerpt: "thanks", retryAfter: null };
export const NO: Answer = { ...YES, status: 500, excerpt: "no" };
export const SILENCE: Answer = { ...YES, status: null, fault: "timeout", latencyMs: 15_000, excerpt: "" };

export class Round {
  clock = THEN;
  readonly rung: Bell[] = [];
  readonly sent: { to: string; at: number; headers: Readonly<Record<string, string>>; body: Uint8Array }[] = [];
  readonly log = new Logged();
  readonly counted: Counted = countedDatabase(bindings.DB);
  readonly store;
  readonly parts;
  readonly inspections;
  readonly breakers;
  /** Destinations whose breaker has opened, as those hear who grant first attempts. */
  readonly stopped: string[] = [];
  readonly reminded: number[] = [];
  readonly pace = new Pace();
  readonly limits = openLimits(
    (destination) => this.limiter(destination),
    () => this.clock,
    () => crypto.randomUUID(),
    this.log,
  );
  /** The objects that count for destinations with limits, and how often they were asked and told. */
  limiter: (destination: string) => LimiterRpc = (destination) => {
    const stub = bindings.LIMITER.getByName(destination);
    return {
      ask: async (ask) => {
        this.calls.push("ask");
        return await stub.ask(ask);
      },
      tell: async (told) => {
        this.calls.push("tell");
        await stub.tell(told);
      },
    };
  };
  readonly calls: ("ask" | "tell")[] = [];
  readonly destinations = new Map<string, Destination>();
  readonly unreadable = new Map<string, Destination>();
  /** What the routes of today make of a body. */
  reshape: AttemptDeps["reshape"];
  /** Whether the last batch may last longer than `waitUntil`. */
  long = false;
  onSend: (to: string, n: number) => Answer | Promise<Answer> = () => YES;
  onRing: () => Promise<void> = () => Promise.resolve();

  constructor() {
    const { store, parts, inspections, breakers } = openD1(this.counted.database);
    this.store = store;
    this.breakers = breakers;
    this.parts = parts;
    this.inspections = inspections;
    for (const name of ["first", "second", "third", "fourth"]) this.configure(name);
  }

  /** Waits of one and two seconds, unless they are given. */
  configure(name: string, retry: readonly number[] = [1000, 2000], change: Partial<Destination> = {}): void {
    const secret = { name: "SIGNING_KEY", value: "test-signing-key-0123456789abcdef" };
    this.destinations.set(name, {
      name,
      url: `https://${name}.example.com/`,
      retry,
      keys: [{ kind: "derived", from: secret }],
      ...change,
    });
  }

  /** What looks after breakers, with the bells in the test's hands. */
  get tending() {
    return {
      breakers: this.breakers,
      config: { destinations: this.destinations, unreadable: this.unreadable },
      ring: async (bells: readonly Bell[]) => {
        await this.onRing();
        this.rung.push(...bells);
      },
      stopFirsts: async (destination: string) => void this.stopped.push(await Promise.resolve(destination)),
      remind: async (at: number) => void this.reminded.push(await Promise.resolve(at)),
      now: () => this.clock,
      log: this.log,
    };
  }

  get deps(): DeliverDeps {
    return {
      ...this.tending,
      store: this.store,
      parts: this.parts,
      pace: this.pace,
      limits: this.limits,
      feed: { settled: () => null },
      inspector: openInspector({ inspections: this.inspections, now: () => this.clock, log: this.log }),
      bindings: () => null,
      send: async (request: Outgoing) => {
        const { url, headers, body, reach } = request;
        if (reach !== undefined) return await openSend(() => this.clock)(request);
        const to = new URL(url).hostname.split(".")[0] ?? "";
        this.sent.push({ to, at: this.clock, headers, body });
        return await this.onSend(to, this.sent.length);
      },
      dice: () => 0.5,
      reshape: this.reshape,
    };
  }

  /** Puts an event into D1 and gives the bells of its first attempts. */
  async accept(n: number, to: readonly string[] = ["first"], change: Partial<Event> = {}): Promise<Bell[]> {
    const one = candidate(n, { matched: to.map((destination) => ({ destination, route: "all" })), ...change });
    await this.store.commit(`[${one.row}]`, this.clock);
    return to.map((destination) => ({
      v: 1,
      delivery: deliveryId(one.id, destination),
      attempt: 1,
      due: this.clock,
      size: one.bells[1],
    }));
  }

  /** Rings, and waits until everything that was claimed is settled. */
  async ring(bells: readonly Bell[]): Promise<void> {
    const { sending, long } = await deliver(bells, this.deps);
    this.long = long;
    await sending;
  }

  /** Takes the bells that were rung so far. */
  take(): Bell[] {
    return this.rung.splice(0);
  }
}
