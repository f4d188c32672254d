// Thin events in some worlds: an event names a thing, and the host that has the things is out of order now and then.
import { Dice } from "./dice.ts";
import type { Fault } from "./faults.ts";
import { call, type Invocation, never, running } from "./isolate.ts";
import type { Mood, Network, Reach } from "./network.ts";
import type { Step } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Letter } from "./senders.ts";
import type { Trait } from "./traits.ts";

/** Where the things are, and how they are asked for. */
export const THINGS = "https://things.example.net";
/** Who gets what is made of a thing; alpha gets the event as it came. */
export const WANTING = ["delta", "epsilon"] as const;

/** A source whose events name things, who gets them, and by which routes. */
export function thinVars(
  traits: readonly Trait[],
  retry: readonly string[],
): { sources: object; destinations: object; routes: object } {
  if (!traits.includes("thin")) return { sources: {}, destinations: {}, routes: {} };
  const hydrate = { from: THINGS, path: "object.url", headers: { authorization: "Bearer $THINGS_KEY" } };
  const settings = { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" };
  return {
    sources: { thin: { provider: "hmac", settings, hydrate } },
    destinations: Object.fromEntries(WANTING.map((name) => [name, { url: `https://${name}.example.com/hook`, retry }])),
    routes: {
      things: { from: "thin", to: WANTING, transform: '{ "id": event.id, "thing": object }' },
      plain: { from: "thin", to: "alpha" },
    },
  };
}

/** The path of the thing that an event names. */
export function pathOf(key: string | null): string {
  return `/v1/things/${encodeURIComponent(key ?? "none").replaceAll("%20", "-")}`;
}

const TROUBLES: readonly Mood[] = ["500", "404", "hang", "slow", "trickle", "redirect", "endless", "echo"];

function moodAt(at: number, destination: string, what: Mood): Step {
  return { at, do: "mood", destination, mood: what };
}

/** In one world of five. It has dice of its own, so that no other choice moves. */
export function thinOf(seed: number, span: number): { traits: Trait[]; steps: Step[] } {
  const dice = new Dice(seed, "thin");
  if (!dice.chance(0.2)) return { traits: [], steps: [] };
  const steps: Step[] = [];
  for (let n = dice.whole(1, 3); n > 0; n -= 1) {
    const letter: Letter = { source: "thin", key: `thin${n}`, type: "push", stuff: "json", forged: null };
    const at = dice.whole(0, span);
    steps.push({ at, do: "post", letter, tries: dice.pick([3, 6]) });
    if (dice.chance(0.3)) steps.push({ at: at + dice.pick([3, 2_000, 60_000]), do: "post", letter, tries: 3 });
  }
  if (dice.chance(0.6)) {
    const at = dice.whole(0, span);
    steps.push(moodAt(at, "things", dice.pick(TROUBLES)));
    if (dice.chance(0.7)) steps.push(moodAt(at + dice.pick([2_000, 20_000, 100_000]), "things", "ok"));
  }
  // What fails at its receiver comes again, and must be the same.
  for (const destination of WANTING) {
    if (!dice.chance(0.4)) continue;
    steps.push(moodAt(0, destination, "500"), moodAt(dice.whole(span, span + 60_000), destination, "ok"));
  }
  return { traits: ["thin"], steps };
}

/** A request for a thing, as it came. */
export interface Fetched {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly by: Invocation;
}

/** The host that has the things. Each answer says which one it is, so that no two are alike. */
export class Things {
  readonly #scheduler: Scheduler;
  readonly #network: Pick<Network, "moods" | "reach">;
  /** The whole answers that were given, by path. */
  readonly said = new Map<string, Set<string>>();
  #count = 0;
  onFetched: (fetched: Fetched) => void = () => {};

  constructor(scheduler: Scheduler, network: Pick<Network, "moods" | "reach">) {
    this.#scheduler = scheduler;
    this.#network = network;
  }

  /** The way to the things, and to all others. */
  before(reach: Reach): Reach {
    return (url, init) => (new URL(url).origin === THINGS ? this.#ask(url, init) : reach(url, init));
  }

  async #ask(url: string, init: RequestInit): Promise<Response> {
    const by = running.getStore();
    if (by === undefined) return await never();
    const aborted = new Promise<never>((_, reject) => {
      init.signal?.addEventListener("abort", () => reject(new Error("The operation was aborted")), { once: true });
    });
    aborted.catch(() => {});
    const arrive = async (mood: string) => {
      const { method = "GET", headers } = init;
      this.onFetched({ url, method, headers: Object.fromEntries(new Headers(headers)), by });
      return await this.#answer(mood, url, init, by);
    };
    const answer = call<Response>(this.#scheduler, {
      kind: "fetch",
      what: "things",
      error: "Network connection lost.",
      effect: async () => await arrive(this.#network.moods.get("things") ?? "ok"),
      special: (fault) => async () => await this.#hit(fault, arrive),
    });
    return await Promise.race([answer, aborted]);
  }

  async #hit(fault: Fault, arrive: (mood: string) => Promise<Response>): Promise<Response> {
    if (fault === "refuse connection") throw new TypeError("connection refused");
    return await arrive(fault === "kill after" || fault === "cancel after" ? "ok" : fault);
  }

  async #answer(mood: string, url: string, init: RequestInit, by: Invocation): Promise<Response> {
    const { pathname } = new URL(url);
    const status = { "500": 500, "404": 404, "410": 410, "429 later": 429, "503 lies": 503, "503 past": 503 }[mood];
    if (status !== undefined) return new Response("no", { status });
    switch (mood) {
      case "ok":
        return new Response(this.#thing(pathname));
      case "slow":
        await new Promise<void>((resolve) => {
          this.#scheduler.after(9_000, resolve);
        });
        return new Response(this.#thing(pathname));
      case "echo":
        return new Response(JSON.stringify(Object.fromEntries(new Headers(init.headers))));
      case "redirect":
        // Whoever follows it takes the credential along.
        return init.redirect === "manual"
          ? new Response(null, { status: 302, headers: { location: "https://trap.example.net/take" } })
          : await by.run(() => this.#network.reach("https://trap.example.net/take", init));
      case "reset":
        throw new TypeError("connection reset");
      case "half":
      case "trickle":
        return new Response(this.#drops(mood === "half" ? 1 : 200));
      case "endless":
        return new Response(`"${"x".repeat(400_000)}"`);
      default:
        return await never();
    }
  }

  #thing(path: string): string {
    this.#count += 1;
    const said = JSON.stringify({ path, answer: this.#count });
    this.said.set(path, (this.said.get(path) ?? new Set()).add(said));
    return said;
  }

  /** A body that comes drop by drop, until the connection breaks. */
  #drops(most: number): ReadableStream<Uint8Array> {
    let over = false;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        let count = 0;
        const drop = () => {
          if (over) return;
          count += 1;
          over = count > most;
          if (over) controller.error(new TypeError("connection reset"));
          else controller.enqueue(new Uint8Array([32]));
          this.#scheduler.after(4_000, drop);
        };
        drop();
      },
      cancel: () => {
        over = true;
      },
    });
  }
}
