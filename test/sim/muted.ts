// In some worlds in which somebody is told, an operator mutes what is wrong with a destination for a while, or lifts that again.
import { alertedOf } from "./alerted.ts";
import { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import type { Step } from "./plan.ts";
import { EPOCH } from "./scheduler.ts";

/** Muted for so long, in ms; `null` lifts it. */
export interface Muting {
  readonly do: "mute";
  readonly subject: "alpha" | "beta";
  readonly ms: number | null;
}

/** A mute that was answered, and when it was asked to be lifted. Times are those of the world. */
export interface Muted {
  readonly subject: string;
  readonly from: number;
  readonly until: number;
  lifted: number;
}

const ASKINGS = 4;
const AGAIN_MS = 8_000;
/** All of them together are shorter than a failure is remembered: what began under them still lasts at their end. */
const LENGTHS = [120_000, 600_000, 1_200_000] as const;

/** In three of five worlds in which somebody is told and no clock jumps. It has dice of its own, so that no other choice moves. */
export function mutedOf(seed: number, span: number, others: readonly Step[]): Step[] {
  const dice = new Dice(seed, "muted");
  if (alertedOf(seed).length === 0 || others.some((step) => step.do === "skew") || !dice.chance(0.6)) return [];
  return Array.from({ length: dice.whole(1, 2) }, (): Step[] => {
    const subject = dice.pick(["alpha", "alpha", "beta"] as const);
    const at = dice.chance(0.5) ? 0 : dice.whole(0, span + 60_000);
    const later = at + dice.pick([5_000, 60_000, 300_000]);
    const mute: Step = {
      at,
      do: "operate",
      operation: { do: "mute", subject, ms: dice.pick(LENGTHS) },
    };
    return dice.chance(0.3)
      ? [mute, { at: later, do: "operate", operation: { do: "mute", subject, ms: null } }]
      : [mute];
  }).flat();
}

/** Asks until there is an answer, or until it is time to give up: what was planned for the storm must not come after it. */
export async function muteOrLift({ subject, ms }: Muting, ledger: Ledger): Promise<void> {
  const { platform, scheduler, plan, mutes } = ledger;
  const [path, until] = ms === null ? ["unmute", null] : ["mute", scheduler.now + ms];
  const order = until === null ? { subject } : { subject, until: new Date(EPOCH + until).toISOString() };
  const headers = {
    authorization: `Bearer ${String(platform.vars["ADMIN_TOKEN"])}`,
    "content-type": "application/json",
    "idempotency-key": `${path}-${subject}-${scheduler.now}`,
  };
  const ofSubject = () => mutes.filter((one) => one.subject === subject);
  for (let count = 0; count < ASKINGS && scheduler.now < plan.quiet; count += 1) {
    const asked = scheduler.now;
    // Whether or not it is heard: from then on it may be lifted.
    if (until === null) {
      for (const one of ofSubject()) one.lifted = Math.min(one.lifted, asked);
      mutes.push({ subject, from: asked, until: asked, lifted: asked });
    }
    scheduler.tell("event", "operator", `asks for ${path} of ${subject}`);
    try {
      const answer = await platform.post(
        "operate",
        () =>
          new Request(`https://relay.example.com/api/alerts/${path}`, {
            method: "POST",
            headers,
            body: JSON.stringify(order),
          }),
        (given) => {
          scheduler.tell("event", "relay", `answers the operator: ${given.status}`);
          if (until === null || given.status !== 200) return;
          // It takes the place of the one before, whose end may have been later.
          for (const one of ofSubject()) one.lifted = Math.min(one.lifted, scheduler.now);
          // Of orders that were under way at once either may have come last.
          const ends = ofSubject().flatMap((one) => (one.from >= asked ? [one.until] : []));
          mutes.push({ subject, from: scheduler.now, until: Math.min(until, ...ends), lifted: Infinity });
        },
      );
      if (answer.status < 500) return;
    } catch {
      // No answer: ambiguous, so it asks again.
    }
    await new Promise<void>((resolve) => {
      scheduler.after(AGAIN_MS, resolve);
    });
  }
}
