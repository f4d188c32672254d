// A sender at the front door, who comes again until it is let in.
import { INVARIANTS } from "./invariants/table.ts";
import type { Invocation } from "./isolate.ts";
import { type Ledger, tellOf } from "./ledger.ts";
import { heldBy } from "./rotated.ts";
import { type Answered, type Letter, requestOf } from "./senders.ts";

/** When a sender comes again after a refusal, in ms. */
const PATIENCE = [5_000, 20_000, 60_000, 120_000, 300_000, 600_000, 1_800_000];
/** What was hit in the last moment of the storm needs a little longer, such as an object whose storage hangs. */
const SETTLED_MS = 60_000;

/** An honest sender comes again until it hears a 2xx, and once more when the storm is over; a stranger comes once. */
export async function post(letter: Letter, tries: number, ledger: Ledger): Promise<void> {
  const { scheduler, plan } = ledger;
  for (let count = 0; ; count += 1) {
    const heard = await postOnce(letter, count === 0 ? "" : ` again (${count + 1})`, ledger);
    if (letter.forged !== null || (heard !== null && heard.status < 300)) return;
    if (count >= tries && scheduler.now > plan.quiet + SETTLED_MS) return;
    const wait = PATIENCE[Math.min(count, PATIENCE.length - 1)] ?? 0;
    const pause = count + 1 === tries ? Math.max(wait, plan.quiet + 1000 - scheduler.now) : wait;
    await new Promise<void>((resolve) => {
      scheduler.after(pause, resolve);
    });
  }
}

/**
 * One request.
 *
 * @param again which time it is, for the story
 * @returns what its sender hears; `null` where it hears nothing
 */
export async function postOnce(letter: Letter, again: string, ledger: Ledger): Promise<Answered | null> {
  const { platform, scheduler, plan } = ledger;
  const name = `${letter.source}/${letter.key} ${letter.stuff}${letter.forged === null ? "" : `, forged: ${letter.forged}`}`;
  scheduler.tell("event", "sender", `posts ${name}${again}`);
  const begunAt = scheduler.now;
  const { vars } = platform;
  const answered = (answer: Answered, by: Invocation) => {
    const said = answer.status < 300 && letter.forged !== "wrong method" ? idOf(answer) : { id: null, status: null };
    const one = { letter, at: begunAt, answer, answeredAt: scheduler.now, by, life: ledger.lifeOf(by), ...said };
    scheduler.tell("event", by.isolate.name, `answers ${name}: ${answer.status} ${said.status ?? ""} ${said.id ?? ""}`);
    for (const { id, answered: check } of INVARIANTS) tellOf(ledger, id, check?.(one, ledger));
    ledger.tries.push(one);
  };
  try {
    return await platform.post(
      `${letter.source}/${letter.key ?? "no key"}`,
      (fault, by) => {
        ledger.begun.push({ letter, at: scheduler.now, version: by.isolate.version });
        return requestOf(
          letter,
          heldBy(vars, plan.traits, scheduler.now),
          "192.0.2.7",
          fault === "slow body",
          fault === "broken body",
        );
      },
      answered,
    );
  } catch {
    scheduler.tell("event", "sender", `hears nothing of ${name}`);
    return null;
  }
}

function idOf({ text, headers }: Answered): { id: string | null; status: string | null } {
  // The body is somebody else's answer.
  const beside = headers.get("hookline-event-id");
  if (beside !== null) return { id: beside, status: "accepted" };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's contract; what is missing is null
  const { id = null, status = null } = JSON.parse(text) as { id?: string; status?: string };
  return { id, status };
}
