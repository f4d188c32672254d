// What the operator does to single destinations and deliveries: pauses, resumes, cancels, replays. Asked for again under the same key where no answer came.
import { Dice } from "./dice.ts";
import { erase, erasedOf } from "./erased.ts";
import type { Ledger } from "./ledger.ts";
import { muteOrLift, type Muting } from "./muted.ts";
import type { Step } from "./plan.ts";
import type { Letter } from "./senders.ts";
import { CANARY } from "./settings.ts";

export type Operation =
  | { readonly do: "pause" | "resume"; readonly destination: string }
  | Muting
  /** All that says what this letter does is to be deleted. */
  | { readonly do: "erase"; readonly letter: Letter }
  /** The nth delivery that is there at that moment. */
  | { readonly do: "cancel"; readonly nth: number };

export const OPERATOR = { authorization: `Bearer ${CANARY}-admin-token-0123456789abcdef` };
const ASKINGS = 4;
const AGAIN_MS = 8_000;
/** How often it is looked, after the storm, whether something is still paused. */
const LIFT_MS = 60_000;
const LIFTS = 20;

/** When a pause comes between an event's acceptance and its claim, in ms after the event. */
const CLOSE = [10, 30, 40, 50, 70] as const;

/** In one stormy world of three, given what happens there already. It has dice of its own, so that no other choice moves. */
export function operationsOf(seed: number, span: number, others: readonly Step[]): Step[] {
  return [...handled(seed, span, others), ...erasedOf(seed, span, others)];
}

function handled(seed: number, span: number, others: readonly Step[]): Step[] {
  const dice = new Dice(seed, "operations");
  if (!dice.chance(0.35)) return [];
  const steps: Step[] = [];
  const end = span + 60_000;
  const posts = others.filter((step) => step.do === "post");
  if (dice.chance(0.2)) steps.push({ at: dice.whole(0, span), do: "deploy", change: "add inspector" });
  for (let n = dice.whole(1, 2); n > 0; n -= 1) {
    const destination = dice.pick(["alpha", "alpha", "beta"]);
    const at = dice.chance(0.5) ? dice.pick(posts).at + dice.pick(CLOSE) : dice.whole(0, end);
    steps.push({ at, do: "operate", operation: { do: "pause", destination } });
    if (dice.chance(0.6)) {
      const later = at + dice.pick([0, 50, 5_000, 60_000, 300_000]);
      steps.push({ at: later, do: "operate", operation: { do: "resume", destination } });
    }
    if (destination === "beta" && dice.chance(0.2)) {
      steps.push({ at: at + dice.pick([100, 30_000]), do: "deploy", change: "remove beta" });
    }
  }
  for (let n = dice.whole(0, 2); n > 0; n -= 1) {
    steps.push({ at: dice.whole(0, end), do: "operate", operation: { do: "cancel", nth: dice.whole(0, 3) } });
  }
  return steps;
}

/** Asks until there is an answer, or until it is time to give up: what was planned for the storm must not come after it. */
export async function operate(operation: Operation, ledger: Ledger): Promise<void> {
  if (operation.do === "mute") return await muteOrLift(operation, ledger);
  if (operation.do === "erase") return await erase(operation.letter, ledger);
  const { scheduler, plan } = ledger;
  const path = pathOf(operation, ledger);
  if (path === null) return;
  const key = `${operation.do} ${scheduler.now}`;
  for (let count = 0; count < ASKINGS && scheduler.now < plan.quiet; count += 1) {
    if (await asks(path, key, ledger)) return;
    await new Promise<void>((resolve) => {
      scheduler.after(AGAIN_MS, resolve);
    });
  }
}

const OPEN = "SELECT 1 FROM deliveries WHERE ended_at IS NULL LIMIT 1";

/** The storm is over: the operator lifts every pause, and looks again whether one came late; and gives up what stops others. */
export async function liftPauses(ledger: Ledger): Promise<void> {
  const { platform, scheduler, plan } = ledger;
  // A receiver that stays as it is ends one after another, and each stops the next.
  const most = plan.traits.includes("stopping") ? LIFTS * 200 : LIFTS;
  for (let count = 0; count < most; count += 1) {
    if (count > LIFTS && platform.d1.look(OPEN).length === 0) return;
    const paused = platform.d1.hasTable("pauses")
      ? platform.d1.look<{ destination: string }>("SELECT destination FROM pauses")
      : [];
    for (const { destination } of paused) {
      await asks(`destinations/${destination}/resume`, `lift ${destination} ${scheduler.now}`, ledger);
    }
    for (const { id } of stoppingIn(ledger))
      await asks(`deliveries/${id}:alpha/cancel`, `lift ${id} ${scheduler.now}`, ledger);
    await new Promise<void>((resolve) => {
      scheduler.after(LIFT_MS, resolve);
    });
  }
}

/** Where what has failed stops those behind it: the oldest that has failed of each source. */
function stoppingIn({ plan, platform }: Ledger): { id: string }[] {
  if (!plan.traits.includes("stopping") || !platform.d1.hasTable("deliveries")) return [];
  return platform.d1.look<{ id: string }>(
    `SELECT e.id, min(d.event) FROM deliveries d JOIN events e ON e.seq = d.event
     WHERE d.destination = 'alpha' AND d.state = 'failed' AND d.reason <> 'cancelled' AND d.order_key IS NOT NULL GROUP BY e.source`,
  );
}

/** The operator opens an ended delivery again, and asks once more with the same key where no answer came. */
export async function replay(nth: number, key: string, ledger: Ledger): Promise<void> {
  const { platform, scheduler } = ledger;
  if (!platform.d1.hasTable("delivery_history")) return;
  const sql =
    "SELECT delivery FROM delivery_history WHERE state IN ('failed', 'delivered') ORDER BY seq, destination LIMIT 1 OFFSET ?1";
  const target = platform.d1.look<{ delivery: string }>(sql, nth)[0]?.delivery;
  if (target === undefined) return;
  for (let count = 0; count < 4; count += 1) {
    scheduler.tell("event", "operator", `replays ${target}`);
    try {
      const answer = await platform.post(
        "replay",
        () =>
          new Request(`https://relay.example.com/api/deliveries/${encodeURIComponent(target)}/replay`, {
            method: "POST",
            headers: { ...OPERATOR, "idempotency-key": key },
          }),
        (given) => scheduler.tell("event", "relay", `answers the operator: ${given.status}`),
      );
      if (answer.status < 500) return;
    } catch {
      // No answer: ambiguous, so it asks again.
    }
    await new Promise<void>((resolve) => {
      scheduler.after(8000, resolve);
    });
  }
}

function pathOf(operation: Exclude<Operation, Muting | { do: "erase" }>, { platform }: Ledger): string | null {
  if (operation.do !== "cancel") return `destinations/${operation.destination}/${operation.do}`;
  if (!platform.d1.hasTable("delivery_history")) return null;
  const sql = "SELECT delivery FROM delivery_history ORDER BY seq, destination LIMIT 1 OFFSET ?1";
  const target = platform.d1.look<{ delivery: string }>(sql, operation.nth)[0]?.delivery;
  return target === undefined ? null : `deliveries/${encodeURIComponent(target)}/cancel`;
}

/** Whether there was an answer, be it a refusal. */
async function asks(path: string, key: string, ledger: Ledger): Promise<boolean> {
  const { platform, scheduler } = ledger;
  // A key tells when it was asked for first: asked for again, a pause that was lifted meanwhile stays lifted.
  const askedAt = Number(key.split(" ").at(-1));
  if (path.endsWith("/resume")) note(path, false, askedAt, ledger);
  scheduler.tell("event", "operator", `asks for ${path}`);
  const headers = {
    authorization: `Bearer ${String(platform.vars["ADMIN_TOKEN"])}`,
    "idempotency-key": key.replaceAll(" ", "-"),
  };
  try {
    const answer = await platform.post(
      "operate",
      () => new Request(`https://relay.example.com/api/${path}`, { method: "POST", headers }),
      (given) => {
        scheduler.tell("event", "relay", `answers the operator: ${given.status}`);
        if (confirms(path, given)) note(path, true, askedAt, ledger);
      },
    );
    return answer.status < 500;
  } catch {
    // No answer: ambiguous, so it asks again.
    return false;
  }
}

/** Whether every object has confirmed a pause. */
function confirms(path: string, { status, text }: { status: number; text: string }): boolean {
  return path.endsWith("/pause") && status === 200 && !text.includes('"unconfirmed"');
}

function note(path: string, paused: boolean, askedAt: number, { pauses, scheduler }: Ledger): void {
  const [, destination = ""] = path.split("/");
  pauses.push({ destination, paused, askedAt, at: scheduler.now });
}
