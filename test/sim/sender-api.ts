// The API of a sender that lists what it has sent: who may ask it, and how it is out of order now and then.
import type { Fault } from "./faults.ts";
import { call, never, running } from "./isolate.ts";
import type { Mood, Reach } from "./network.ts";
import type { Scheduler } from "./scheduler.ts";

export abstract class SenderApi {
  protected readonly scheduler: Scheduler;
  readonly #moods: ReadonlyMap<string, Mood>;
  readonly #what: string;
  readonly #root: string;
  readonly #credential: string;

  /** @param what its name in the story and among the moods */
  constructor(scheduler: Scheduler, moods: ReadonlyMap<string, Mood>, what: string, root: string, credential: string) {
    this.scheduler = scheduler;
    this.#moods = moods;
    this.#what = what;
    this.#root = root;
    this.#credential = credential;
  }

  /** What it does when it is asked, and answers. */
  protected abstract does(url: URL, method: string): Response;

  /** The way to the API, and to all others. */
  before(reach: Reach): Reach {
    return (url, init) => (url.startsWith(this.#root) ? this.#ask(url, init) : reach(url, init));
  }

  async #ask(url: string, init: RequestInit): Promise<Response> {
    if (running.getStore() === undefined) return await never();
    const { authorization, ...headers } = Object.fromEntries(new Headers(init.headers));
    if (authorization !== `Bearer ${this.#credential}` || JSON.stringify([url, headers]).includes("CANARY"))
      this.scheduler.violate("I-14", `the sender's API is asked for ${url} by ${authorization}`);
    const aborted = new Promise<never>((_, reject) => {
      init.signal?.addEventListener("abort", () => reject(new Error("The operation was aborted")), { once: true });
    });
    aborted.catch(() => {});
    const answer = call<Response>(this.scheduler, {
      kind: "fetch",
      what: this.#what,
      error: "Network connection lost.",
      effect: async () => await this.#answer(this.#moods.get(this.#what) ?? "ok", url, init),
      special: (fault) => async () => await this.#hit(fault, url, init),
    });
    return await Promise.race([answer, aborted]);
  }

  async #hit(fault: Fault, url: string, init: RequestInit): Promise<Response> {
    if (fault === "refuse connection") throw new TypeError("connection refused");
    return await this.#answer(fault === "kill after" || fault === "cancel after" ? "ok" : fault, url, init);
  }

  async #answer(mood: string, url: string, init: RequestInit): Promise<Response> {
    const status = { "500": 500, "404": 404, "410": 410, "429 later": 429, "503 lies": 503, "503 past": 503 }[mood];
    if (status !== undefined) return new Response("no", { status });
    if (mood === "redirect")
      return new Response(null, { status: 302, headers: { location: "https://trap.example.net/take" } });
    if (mood === "echo") return Response.json([Object.fromEntries(new Headers(init.headers))]);
    if (mood === "endless" || mood === "trickle" || mood === "half") return new Response(`[${"1,".repeat(3_000_000)}`);
    const answer = this.does(new URL(url), init.method ?? "GET");
    // It was done, and whoever asked does not hear of it.
    if (mood === "reset") throw new TypeError("connection reset");
    if (mood === "hang") return await never();
    if (mood === "slow") await new Promise<void>((resolve) => void this.scheduler.after(9_000, resolve));
    return answer;
  }
}
