// What the operator asks of events while they move to the archive: to see one, to replay one, and to delete one everywhere.
import { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import { OPERATOR } from "./operations.ts";

const HOUR_MS = 60 * 60_000;
/** While events grow too old, things fail once more: so long after the last delivery has ended, in ms. */
const STORM = { from: 119 * HOUR_MS, to: 165 * HOUR_MS };
/** And so long afterwards nothing fails, so that all of it comes to its end. */
const CALM_MS = 60 * HOUR_MS;

/** Faults that come again when everything has ended: nothing fails until it begins. */
export class Storm {
  #from = Infinity;
  #to = Infinity;

  covers(now: number): boolean {
    return now >= this.#from && now < this.#to;
  }

  /** Where there is an archive, or a bucket of large bodies, it begins as events grow too old. Returns how much longer that world has to last, in ms. */
  begin(ledger: Ledger): number {
    const { traits } = ledger.plan;
    if (!traits.includes("vaulted") && !traits.includes("bodied")) return 0;
    const { now } = ledger.scheduler;
    [this.#from, this.#to] = [now + STORM.from, now + STORM.to];
    if (traits.includes("vaulted")) orderInVault(ledger);
    return CALM_MS;
  }
}

const ASKINGS = 6;
const AGAIN_MS = 120_000;

/** Every event that was let in is asked for; some are replayed, and some are deleted. It has dice of its own. */
function orderInVault(ledger: Ledger): void {
  const { plan, scheduler } = ledger;
  const dice = new Dice(plan.seed, "vault orders");
  for (const id of new Set(ledger.tries.flatMap((one) => one.id ?? []))) {
    const at = () => dice.whole(STORM.from, STORM.to);
    scheduler.after(at(), () => void ask(id, "", ledger));
    scheduler.after(STORM.to + 1_000, () => void ask(id, "", ledger));
    // A long schedule would still be under way when everything has to have come to its end.
    if (dice.chance(0.25) && plan.schedule !== "long") scheduler.after(at(), () => void ask(id, "/replay", ledger));
    if (dice.chance(0.25)) scheduler.after(at(), () => void ask(id, "/delete", ledger));
  }
}

/** Asks until it is answered. */
async function ask(id: string, verb: "" | "/replay" | "/delete", ledger: Ledger): Promise<void> {
  const { platform, scheduler } = ledger;
  const headers = { ...OPERATOR, "idempotency-key": `${verb.slice(1)}-${id}` };
  const method = verb === "" ? "GET" : "POST";
  for (let count = 0; count < ASKINGS; count += 1) {
    scheduler.tell("event", "operator", `asks for events/${id}${verb}`);
    if (verb === "/delete") ledger.ordered.add(id);
    try {
      const { status } = await platform.post(
        "vault",
        () => new Request(`https://relay.example.com/api/events/${id}${verb}`, { method, headers }),
        (given) => {
          scheduler.tell("event", "relay", `answers the operator: ${given.status}`);
          if (given.status === 404) scheduler.violate("found", `nobody finds ${id}, which was let in`);
          if (given.status === 200 && verb === "/delete") ledger.deleted.add(id);
        },
      );
      if (status < 500) return;
    } catch {
      // No answer: ambiguous, so it asks again.
    }
    await new Promise<void>((resolve) => {
      scheduler.after(AGAIN_MS, resolve);
    });
  }
}
