// In some worlds github's sender loses deliveries, and has an API that lists its attempts and sends one again: by that
// the relay finds what never came. The API is out of order now and then.
import { Dice } from "./dice.ts";
import type { Mood } from "./network.ts";
import type { Step } from "./plan.ts";
import { EPOCH, type Scheduler } from "./scheduler.ts";
import { SenderApi } from "./sender-api.ts";
import type { Letter } from "./senders.ts";
import type { Vars } from "./settings.ts";
import type { Trait } from "./traits.ts";

/** Where the webhook's own part of the API is, and what may be asked there. */
const HOOK = "https://hooks.example.net/hooks/1";
const AGAIN = /^\/hooks\/1\/deliveries\/(\d+)\/attempts$/;
/** Attempts on one page of the list: few, so that there are several. */
const PAGE = 4;
/** When the sender tries again after it was asked to, in ms. */
const SOON_MS = 1_500;
/** After so many attempts of one delivery the relay asks for no more. */
export const MOST_ATTEMPTS = 6;
/** The first look goes back so far, in ms. */
export const FIRST_LOOK_MS = 3_600_000;

export const TROUBLES: readonly Mood[] = ["500", "404", "hang", "slow", "redirect", "429 later", "echo", "endless"];

/** What the source has in such a world. */
export function gapsOf(traits: readonly Trait[]): Vars {
  if (!traits.includes("gapped")) return {};
  return { gaps: { at: HOOK, headers: { authorization: "Bearer $HOOK_TOKEN" }, every: "5m" } };
}

/** In one world of five. It has dice of its own, so that no other choice moves. */
export function gappedOf(seed: number, span: number): { traits: Trait[]; steps: Step[] } {
  const dice = new Dice(seed, "gapped");
  if (!dice.chance(0.2)) return { traits: [], steps: [] };
  const steps: Step[] = [];
  for (let n = dice.whole(1, 3); n > 0; n -= 1) {
    const letter: Letter = { source: "github", key: `gap${n}`, type: "push", stuff: "json", forged: null };
    steps.push({ at: dice.whole(0, span + 60_000), do: "miss", letter, reaches: dice.chance(0.4) });
  }
  if (dice.chance(0.5)) {
    const at = dice.whole(0, span + 120_000);
    steps.push({ at, do: "mood", destination: "hook", mood: dice.pick(TROUBLES) });
    steps.push({ at: at + dice.pick([60_000, 130_000]), do: "mood", destination: "hook", mood: "ok" });
  }
  return { traits: ["gapped"], steps };
}

/** One attempt of the sender's, as its API lists it. `status` is what it heard; 0 is nothing. */
export interface Tried {
  readonly id: number;
  readonly letter: Letter;
  readonly at: number;
  readonly status: number;
}

/** An attempt that the API was asked for and has begun. */
interface Asked {
  readonly id: number;
  readonly at: number;
}

/** The sender: what it tried, what it was asked for, and when its list was first read. */
export class Hook extends SenderApi {
  /** Oldest first. */
  readonly tried: Tried[] = [];
  readonly asked: Asked[] = [];
  /** What was lost, and when. */
  readonly missed: { readonly letter: Letter; readonly at: number }[] = [];
  /** When somebody read the first page of the list, in ms. */
  firstReadAt: number | null = null;
  #ids = 0;
  /** Posts once, and says what the sender heard. */
  post: (letter: Letter, again: string) => Promise<number | null> = () => Promise.resolve(null);

  constructor(scheduler: Scheduler, moods: ReadonlyMap<string, Mood>) {
    super(scheduler, moods, "hook", HOOK, "CANARY-hook-token");
  }

  /** Loses a delivery: nothing arrives, or the answer is lost. */
  miss(letter: Letter, reaches: boolean): void {
    this.missed.push({ letter, at: this.scheduler.now });
    const failed = () => this.#note(letter, this.scheduler.now, 0);
    if (reaches) void this.post(letter, ", and hears nothing").finally(failed);
    else failed();
  }

  /** Attempts of one delivery, newest first. */
  triesOf(key: string | null): Tried[] {
    return this.tried.filter(({ letter }) => letter.key === key).toReversed();
  }

  /** What may still be asked for: a world does not end before that. */
  get owes(): boolean {
    return this.missed.some(({ letter, at }) => {
      const tries = this.triesOf(letter.key);
      if (this.firstReadAt !== null && this.firstReadAt - at > FIRST_LOOK_MS) return false;
      return tries.length < MOST_ATTEMPTS && !tries.some(({ status }) => status >= 200 && status < 300);
    });
  }

  protected override does({ pathname, searchParams, origin }: URL, method: string): Response {
    const again = AGAIN.exec(pathname)?.[1];
    if (method === "POST" && again !== undefined) return this.#sendAgain(Number(again));
    if (method !== "GET" || pathname !== "/hooks/1/deliveries") return new Response("what?", { status: 404 });
    const cursor = Number(searchParams.get("cursor") ?? Infinity);
    if (cursor === Infinity) this.firstReadAt ??= this.scheduler.now;
    const older = this.tried.filter(({ id }) => id < cursor).toReversed();
    const page = older.slice(0, PAGE);
    const next = `<${origin}${pathname}?per_page=100&cursor=${page.at(-1)?.id}>; rel="next"`;
    const items = page.map(({ id, letter, at, status }) => ({
      id,
      guid: letter.key,
      delivered_at: new Date(EPOCH + at).toISOString(),
      status_code: status,
    }));
    return Response.json(items, { headers: older.length > PAGE ? { link: next } : {} });
  }

  #sendAgain(id: number): Response {
    const before = this.tried.find((one) => one.id === id);
    if (before === undefined) return new Response("who?", { status: 404 });
    const { letter } = before;
    this.scheduler.tell("event", "hook", `is asked for ${letter.key} again, attempt ${id}`);
    this.asked.push({ id, at: this.scheduler.now });
    this.scheduler.after(SOON_MS, () => {
      const at = this.scheduler.now;
      void this.post(letter, " again, because it was asked to").then((status) => this.#note(letter, at, status ?? 0));
    });
    return Response.json({}, { status: 202 });
  }

  #note(letter: Letter, at: number, status: number): void {
    this.#ids += 1;
    this.tried.push({ id: this.#ids, letter, at, status });
  }
}
