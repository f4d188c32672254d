// Is somebody told that this has begun, or has an operator muted it? Pure.
import type { Mute } from "../d1/mutes.ts";

/** Until when nobody is told, in ms; `null` where somebody is. An empty name of a mute stands for all. */
export function mutedUntil(
  { rule, subject }: { readonly rule: string; readonly subject: string },
  mutes: readonly Mute[],
  now: number,
): number | null {
  const ends = mutes.flatMap((mute) =>
    mute.until > now && ["", rule].includes(mute.rule) && ["", subject].includes(mute.subject) ? [mute.until] : [],
  );
  return ends.length === 0 ? null : Math.max(...ends);
}
