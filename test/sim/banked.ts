// In some worlds there is a bank, whose API lists the events that it could not deliver, and sends none again: the relay
// fetches them. Now and then the bank delivers one after all.
import { Dice } from "./dice.ts";
import { FIRST_LOOK_MS, TROUBLES } from "./gapped.ts";
import { running } from "./isolate.ts";
import type { Ledger } from "./ledger.ts";
import type { Mood } from "./network.ts";
import type { Step } from "./plan.ts";
import { EPOCH, type Scheduler } from "./scheduler.ts";
import { SenderApi } from "./sender-api.ts";
import type { Letter } from "./senders.ts";
import type { Trait } from "./traits.ts";

/** Where its API is. */
const BANK = "https://bank.example.net";
/** Events on one page of the list: few, so that there are several. */
const PAGE = 2;
/** Who gets its events, and nothing else. */
const TILL = "till";

/** What the vars of such a world have besides: its list is Stripe's. */
export function bankVars(
  traits: readonly Trait[],
  retry: readonly string[],
): { sources: object; destinations: object; routes: object } {
  if (!traits.includes("banked")) return { sources: {}, destinations: {}, routes: {} };
  const provider = {
    name: "Bank",
    algorithm: "hmac-sha256",
    signature: { at: "header:X-Signature" },
    id: "{json:id}",
    type: "{json:type}",
    docs: "Handbook",
    deliveries: {
      at: BANK,
      example: BANK,
      list: "/v1/events?delivery_success=false&limit=100",
      since: "created[gte]",
      items: "data",
      next: { after: "starting_after", more: "has_more" },
      id: "id",
      time: { at: "created", unit: "s" },
      hours: 720,
      by: "Handbook",
    },
  };
  return {
    sources: { bank: { provider, gaps: { headers: { authorization: "Bearer $BANK_KEY" }, every: "5m" } } },
    destinations: { [TILL]: { url: `https://${TILL}.example.com/hook`, retry } },
    routes: { payments: { from: "bank", to: TILL } },
  };
}

/** In one world of five. It has dice of its own, so that no other choice moves. */
export function bankedOf(seed: number, span: number): { traits: Trait[]; steps: Step[] } {
  const dice = new Dice(seed, "banked");
  if (!dice.chance(0.2)) return { traits: [], steps: [] };
  const steps: Step[] = [];
  for (let n = dice.whole(1, 5); n > 0; n -= 1) {
    const at = dice.whole(0, span + 60_000);
    const letter: Letter = { source: "bank", key: `evt_${n}_${at}`, type: "paid", stuff: "json", forged: null };
    const late = dice.chance(0.4) ? dice.pick([90_000, 200_000, 600_000, 1_500_000]) : null;
    steps.push({ at, do: "miss", letter, reaches: dice.chance(0.3), late });
  }
  if (dice.chance(0.5)) {
    const at = dice.whole(0, span + 120_000);
    steps.push({ at, do: "mood", destination: "bank", mood: dice.pick(TROUBLES) });
    steps.push({ at: at + dice.pick([60_000, 130_000]), do: "mood", destination: "bank", mood: "ok" });
  }
  return { traits: ["banked"], steps };
}

/** An event as the bank posts it, and lists it. */
export function eventOf({ key, type }: Letter): object {
  const at = Number(key?.split("_").at(-1));
  return { id: key, created: Math.floor((EPOCH + at) / 1_000), type, says: `bank ${key} ${type} \u2603`, amount: 12.5 };
}

/** An event that could not be delivered, and when it has been after all. */
interface Undelivered {
  readonly letter: Letter;
  readonly at: number;
  deliveredAt: number | null;
}

export class Bank extends SenderApi {
  /** Oldest first. */
  readonly undelivered: Undelivered[] = [];
  /** When somebody read the first page of the list, in ms. */
  firstReadAt: number | null = null;
  /** Posts once, and says what the bank heard. */
  post: (letter: Letter, again: string) => Promise<number | null> = () => Promise.resolve(null);
  /** An event was told to whoever asks, of this version. */
  onListed: (letter: Letter, version: number) => void = () => {};

  constructor(scheduler: Scheduler, moods: ReadonlyMap<string, Mood>) {
    super(scheduler, moods, "bank", BANK, "CANARY-bank-key");
  }

  /** Cannot deliver an event: nothing arrives, or the answer is lost. After `late` ms it tries once more by itself. */
  miss(letter: Letter, reaches: boolean, late: number | null): void {
    const one: Undelivered = { letter, at: this.scheduler.now, deliveredAt: null };
    this.undelivered.push(one);
    if (reaches) void this.post(letter, ", and hears nothing");
    if (late === null) return;
    this.scheduler.after(late, () => {
      void this.#tryAgain(one);
    });
  }

  async #tryAgain(one: Undelivered): Promise<void> {
    const status = await this.post(one.letter, " after all");
    if (status !== null && status >= 200 && status < 300) one.deliveredAt = this.scheduler.now;
  }

  /** What is to be fetched: older events are the operator's to ask for. */
  get due(): readonly Undelivered[] {
    const { firstReadAt } = this;
    return this.undelivered.filter(({ at }) => firstReadAt === null || firstReadAt - at <= FIRST_LOOK_MS);
  }

  protected override does({ pathname, searchParams }: URL, method: string): Response {
    if (method !== "GET" || pathname !== "/v1/events") return new Response("what?", { status: 404 });
    const after = searchParams.get("starting_after");
    if (after === null) this.firstReadAt ??= this.scheduler.now;
    const since = Number(searchParams.get("created[gte]")) * 1_000 - EPOCH;
    const listed = this.undelivered.filter(({ at, deliveredAt }) => deliveredAt === null && at >= since).toReversed();
    const older = listed.slice(listed.findIndex(({ letter }) => letter.key === after) + 1);
    const page = older.slice(0, PAGE);
    const version = running.getStore()?.isolate.version ?? 0;
    for (const { letter } of page) this.onListed(letter, version);
    const data = page.map(({ letter }) => eventOf(letter));
    return Response.json({ object: "list", data, has_more: older.length > PAGE });
  }
}

/** The rows of an event of the bank. */
export function rowsOf({ platform }: Ledger, { key }: Letter): { id: string; verified_by: string | null }[] {
  if (!platform.d1.hasTable("events")) return [];
  const sql = "SELECT id, verified_by FROM events WHERE source = 'bank' AND instr(body, ?1) > 0";
  return platform.d1.look(sql, JSON.stringify(key));
}

/** By then every look that was refused has been made up for, in ms after the last fault. */
const IN_TIME_MS = 6 * 3_600_000;

/** A world does not end before what is to be fetched has come, unless it ought to have come long ago. */
export function owesEvents(ledger: Ledger): boolean {
  if (ledger.scheduler.now > ledger.plan.quiet + IN_TIME_MS) return false;
  return ledger.platform.bank.due.some(({ letter }) => rowsOf(ledger, letter).length === 0);
}
