// Secrets that end, in some worlds: acme's sender and beta's receiver change over while events come, and somebody has kept the old secret.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import { EPOCH } from "./scheduler.ts";
import type { Letter } from "./senders.ts";
import type { Vars } from "./settings.ts";
import type { Trait } from "./traits.ts";

/** When the old secrets end, and when sender and receiver have changed over, in ms from the beginning. */
const END_MS = 150_000;
const SENDER_MS = 60_000;
const RECEIVER_MS = 100_000;

const OLD_SUFFIX = "-old";

/** What a world has besides, in which both are rotated: `beta` is added to that destination's entry. */
export function rotatedVars(
  traits: readonly Trait[],
  { acme, beta }: { readonly acme: string; readonly beta: string },
): { readonly vars: Vars; readonly end: object } {
  if (!traits.includes("rotated")) return { vars: {}, end: {} };
  const until = new Date(EPOCH + END_MS).toISOString();
  return {
    vars: { ACME_SECRET_OLD: `${acme}${OLD_SUFFIX}`, BETA_KEY_OLD: olderThan(beta) },
    end: { old_until: until },
  };
}

/** The key that the receiver had before this one. */
function olderThan(key: string): string {
  const bytes = Buffer.from(key.slice("whsec_".length), "base64");
  return `whsec_${Buffer.concat([bytes, Buffer.from(OLD_SUFFIX)]).toString("base64")}`;
}

/** The secrets as the sender of acme holds them at this time: it has its own copy, and changes it when it likes. */
export function heldBy(vars: Vars, traits: readonly Trait[], now: number): Vars {
  return traits.includes("rotated") && now < SENDER_MS ? { ...vars, ACME_SECRET: vars["ACME_SECRET_OLD"] } : vars;
}

/** The key that beta's receiver holds at this time. */
export function keyOfReceiver(vars: Vars, now: number): unknown {
  return vars[now < RECEIVER_MS ? "BETA_KEY_OLD" : "BETA_KEY"];
}

/** Whether what is signed at this second may have the old signature, and then has it. */
export function signsWithOld(seconds: number): boolean {
  return seconds * 1000 < EPOCH + END_MS;
}

function letterOf(key: string, forged: Letter["forged"] = null): Letter {
  return { source: "acme", key, type: "push", stuff: "json", forged };
}

/** In one world of five in which no clock jumps and no secret is lost. It has dice of its own, so that no other choice moves. */
export function rotatedOf(seed: number, steps: readonly Step[]): { traits: Trait[]; steps: Step[] } {
  const dice = new Dice(seed, "rotated");
  const isMoved = steps.some(
    (step) => step.do === "skew" || (step.do === "deploy" && step.change === "lose acme secret"),
  );
  if (!dice.chance(0.2) || isMoved) return { traits: [], steps: [] };
  const made: Step[] = [];
  for (let n = dice.whole(2, 4); n > 0; n -= 1) {
    const at = dice.pick([0, SENDER_MS, SENDER_MS, END_MS, END_MS]) + dice.pick([-1_000, -1, 0, 1, 20_000]);
    made.push({ at: Math.max(0, at), do: "post", letter: letterOf(`turn${n}`), tries: dice.pick([3, 6]) });
    // The same again once it has changed over.
    if (dice.chance(0.4))
      made.push({ at: SENDER_MS + dice.whole(0, 200_000), do: "post", letter: letterOf(`turn${n}`), tries: 3 });
  }
  for (let n = dice.whole(1, 2); n > 0; n -= 1)
    made.push({
      at: END_MS + dice.pick([0, 1, 500, 60_000]),
      do: "post",
      letter: letterOf(`stolen${n}`, "ended secret"),
      tries: 1,
    });
  // What the receiver refuses before its end comes again behind it.
  if (dice.chance(0.4)) {
    made.push({ at: dice.whole(0, END_MS), do: "mood", destination: "beta", mood: "500" });
    made.push({ at: END_MS + dice.whole(0, 20_000), do: "mood", destination: "beta", mood: "ok" });
  }
  return { traits: ["rotated"], steps: made };
}
