// Somebody asks that all of a subject be deleted: what one letter of acme says. It is counted, confirmed and followed, and asked for again
// where no answer came.
import { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import { keepsWholes } from "./redacted.ts";
import type { Step } from "./plan.ts";
import type { Letter } from "./senders.ts";

/** What was ordered, and when its confirmation was asked for first, was answered, and it was seen as done, in ms. */
export interface Erased {
  readonly words: string;
  askedAt: number | null;
  confirmedAt: number | null;
  doneAt: number | null;
}

/** How often it is looked, in ms; and once it lasts, since D1 may be gone for hours. */
const LOOK_MS = 3_000;
const LATER_MS = 60_000;
const [SOON, LOOKS] = [100, 600];
/** The key under which it is ordered; another of its kind follows for its confirmation. */
const KEY = "erase";

/** In one stormy world of four in which acme has a letter of JSON. It has dice of its own, so that no other choice moves. */
export function erasedOf(seed: number, span: number, others: readonly Step[]): Step[] {
  const dice = new Dice(seed, "erased");
  if (!dice.chance(0.25)) return [];
  const letters = others.flatMap((step) =>
    step.do === "post" && step.letter.source === "acme" && step.letter.forged === null && step.letter.stuff === "json"
      ? [step]
      : [],
  );
  if (letters.length === 0) return [];
  const { letter, at } = dice.pick(letters);
  return [{ at: at + dice.pick([100, 3_000, 60_000, span]), do: "operate", operation: { do: "erase", letter } }];
}

/** What of its letter is looked for, and is found nowhere once it is deleted. */
export function wordsOf({ source, key, type, about }: Letter): string {
  return about ?? `${source} ${key} ${type} `;
}

/** In half of these worlds the subject sends something more before the deletion is confirmed, and D1 is slow to take what comes. */
export function lastWordsOf(seed: number, steps: readonly Step[]): Letter | null {
  const [order] = steps.flatMap((step) =>
    step.do === "operate" && step.operation.do === "erase" ? [step.operation] : [],
  );
  if (order === undefined || !new Dice(seed, "last words").chance(0.5)) return null;
  return { ...order.letter, key: `last of ${order.letter.key}`, about: wordsOf(order.letter) };
}

/** Orders, waits for the count, confirms and follows, until it is done. After the storm it goes on. */
export async function erase(letter: Letter, ledger: Ledger): Promise<void> {
  const { scheduler, plan, platform } = ledger;
  // By what is redacted nothing is found, and the relay says so.
  if (plan.traits.includes("redacted")) return;
  const one: Erased = { words: wordsOf(letter), askedAt: null, confirmedAt: null, doneAt: null };
  ledger.erased.push(one);
  const wait = async (count: number) => {
    await new Promise<void>((resolve) => {
      scheduler.after(count < SOON ? LOOK_MS : LATER_MS, resolve);
    });
  };
  let path = "erasures";
  for (let count = 0; count < LOOKS; count += 1, await wait(count)) {
    const order = path === "erasures" || path.endsWith("/confirm");
    if (path.endsWith("/confirm") && one.askedAt === null) {
      const last = lastWordsOf(plan.seed, plan.steps);
      if (last !== null) await platform.hook.post(last, "");
      one.askedAt = scheduler.now;
    }
    const job = await asks(path, order ? (path === "erasures" ? KEY : `${KEY} confirmed`) : null, one, ledger);
    if (job === null) continue;
    const here = `erasures/${job.id}`;
    if (job.state === "done") {
      one.doneAt = scheduler.now;
      return;
    }
    if (path.endsWith("/confirm")) one.confirmedAt ??= scheduler.now;
    path = job.state === "counted" ? `${here}/confirm` : here;
  }
}

/** What was answered; `null` where there was no answer, or a refusal. */
async function asks(
  path: string,
  key: string | null,
  { words }: Erased,
  { platform, scheduler }: Ledger,
): Promise<{ id: string; state: string } | null> {
  const headers = {
    authorization: `Bearer ${String(platform.vars["ADMIN_TOKEN"])}`,
    "content-type": "application/json",
    ...(key === null ? {} : { "idempotency-key": key.replaceAll(" ", "-") }),
  };
  const body = path === "erasures" ? JSON.stringify({ source: "acme", where: `body.says=${words}` }) : null;
  const method = key === null ? "GET" : "POST";
  try {
    const answer = await platform.post(
      "erase",
      () => new Request(`https://relay.example.com/api/${path}`, { method, headers, body }),
      (given) => scheduler.tell("event", "relay", `answers the operator: ${given.status} ${given.text.slice(0, 120)}`),
    );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own answer
    return answer.status === 200 ? (JSON.parse(answer.text) as { id: string; state: string }) : null;
  } catch {
    // No answer: ambiguous, so it asks again.
    return null;
  }
}

/** Whether what redacted events were is still there, an order has not come to its end, or what it has deleted is still to be emptied once more. */
export function isErasing(ledger: Ledger): boolean {
  const { platform, erased } = ledger;
  if (keepsWholes(ledger)) return true;
  if (erased.length === 0) return false;
  const again = `SELECT 1 FROM marks JOIN events ON seq = CAST(substr(name, 7) AS INTEGER)
    WHERE name > 'stays:' AND name < 'stays;' AND gone->>'why' = 'deleted' LIMIT 1`;
  return erased.some(({ doneAt }) => doneAt === null) || platform.d1.look(again).length > 0;
}
