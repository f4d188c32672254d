// The operator's edits: a body of its own for an event, to one destination. Asked for again under the same key, with an answer or without.
import { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import type { Step } from "./plan.ts";

/** What an admin sends in the place of an event's own body. */
export interface Edit {
  /** The nth event that is there at that moment. */
  readonly nth: number;
  readonly destination: "alpha" | "beta";
  /** The Idempotency-Key, and part of the body: no two edits are alike. */
  readonly key: string;
  /** How many ask for it at once. */
  readonly times: number;
}

/** What was asked for, and what it was answered with each time. */
export interface Asked {
  readonly edit: Edit;
  readonly of: string;
  readonly answers: string[];
}

const ASKINGS = 4;
const AGAIN_MS = 8_000;

/** In one stormy world of four. It has dice of its own, so that no other choice moves. */
export function editsOf(seed: number, span: number): Step[] {
  const dice = new Dice(seed, "edits");
  if (!dice.chance(0.25)) return [];
  return Array.from({ length: dice.whole(1, 2) }, (_, n): Step => {
    const edit: Edit = {
      nth: dice.whole(0, 3),
      destination: dice.pick(["alpha", "beta"]),
      key: `edit-${n}`,
      times: dice.whole(1, 2),
    };
    return { at: dice.whole(0, span + 60_000), do: "edit", edit };
  });
}

export function bodyOfEdit({ key }: Edit): Uint8Array {
  return Buffer.from(JSON.stringify({ edited: key }));
}

/** Asks until there is an answer, and once more after it, unless it is time to give up. */
export async function askForEdit(edit: Edit, ledger: Ledger): Promise<void> {
  const { platform, scheduler, plan } = ledger;
  if (!platform.d1.hasTable("events")) return;
  const [event] = platform.d1.look<{ id: string }>("SELECT id FROM events ORDER BY seq LIMIT 1 OFFSET ?1", edit.nth);
  if (event === undefined) return;
  const asked: Asked = { edit, of: event.id, answers: [] };
  ledger.edits.push(asked);
  let answers = 0;
  for (let count = 0; count < ASKINGS && answers < 2 && scheduler.now < plan.quiet; count += 1) {
    if (await asks(asked, ledger)) answers += 1;
    await new Promise<void>((resolve) => {
      scheduler.after(AGAIN_MS, resolve);
    });
  }
}

/** Whether there was an answer, be it a refusal. */
async function asks({ edit, of, answers }: Asked, { platform, scheduler }: Ledger): Promise<boolean> {
  scheduler.tell("event", "operator", `sends an edited ${of} to ${edit.destination}`);
  const body = JSON.stringify({ destination: edit.destination, body: Buffer.from(bodyOfEdit(edit)).toString() });
  const headers = {
    authorization: `Bearer ${String(platform.vars["ADMIN_TOKEN"])}`,
    "content-type": "application/json",
    "idempotency-key": edit.key,
  };
  try {
    const answer = await platform.post(
      "edit",
      () => new Request(`https://relay.example.com/api/events/${of}/edit`, { method: "POST", headers, body }),
      (given) => {
        scheduler.tell("event", "relay", `answers the operator: ${given.status}`);
        if (given.status === 200) answers.push(given.text);
      },
    );
    return answer.status < 500;
  } catch {
    // No answer: ambiguous, so it asks again.
    return false;
  }
}
