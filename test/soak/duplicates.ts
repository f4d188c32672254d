// Why did a receiver hear of one event more than once, and was it ever too early? Judges the attempts of one delivery. Pure.
import type { KeptAttempt, KeptDelivery, KeptEvent } from "./books.ts";
import type { Counts, Findings } from "./findings.ts";
import type { Arrival } from "./receiver.ts";
import type { Life } from "./killed-relay.ts";
import type { Sent } from "./senders.ts";
import { DESTINATIONS, TUNNEL } from "./settings.ts";

/** Timers and clocks count in whole ms, and the two processes round differently. */
const TOLERANCE_MS = 5;
/** An attempt can be under way for 10 s of waiting, 15 s of sending and the tries to settle it; a kill within that time can lose it. */
const UNDER_WAY_MS = 45_000;
/** Answers are noted in groups, at once or after a pause of seconds at most, and D1 may be slow; a kill after that hides nothing. */
const NOTED_MS = 10_000;
/** The relay gives an answer 15 s; a whole one that came later than this was too late for it. */
const TOO_LATE_MS = 14_500;
/** Jitter takes 20 % of a wait at most. */
const SHORTEST = 0.8;

interface Ledger {
  readonly findings: Findings;
  /** Requests after a whole 2xx, by cause. */
  readonly duplicates: Counts;
  /** Requests after anything else, by cause. */
  readonly retries: Counts;
  /** How long before a kill a 2xx came that the kill hid, in ms, one for each. */
  readonly hidden: number[];
  /** When whoever listens to the tunnel was killed, in ms since 1970. */
  readonly hangUps: readonly number[];
}

/** @param heard what the destination heard of this event, oldest first */
export function judgeAttempts(
  event: KeptEvent,
  delivery: KeptDelivery,
  heard: readonly Arrival[],
  sent: Sent | undefined,
  lives: readonly Life[],
  ledger: Ledger,
): void {
  const name = `${event.id}:${delivery.destination}`;
  const kills = lives.flatMap(({ killed }) => (killed === null ? [] : [killed]));
  for (const [n, kept] of delivery.story) {
    if (kept.outcome === "lost" && !killedBetween(kills, kept.startedAt, kept.startedAt + UNDER_WAY_MS))
      ledger.findings.add("I-5 an attempt was lost although nobody killed the relay", `${name}, attempt ${n}`);
  }
  for (const [at, arrival] of heard.entries()) {
    const kept = delivery.story.get(arrival.attempt);
    const who = `${name}, attempt ${arrival.attempt}`;
    if (kept === undefined) ledger.findings.add("a receiver heard an attempt that is not on record", who);
    else if (
      kept.status !== null &&
      arrival.status !== null &&
      kept.status !== arrival.status &&
      !isHungUp(kept, arrival, ledger.hangUps)
    )
      ledger.findings.add(
        "an attempt is on record with another answer",
        `${who}: ${arrival.status} became ${kept.status}`,
      );
    const before = heard[at - 1];
    if (before === undefined) continue;
    if (arrival.attempt <= before.attempt) {
      ledger.findings.add("I-5 a receiver heard one attempt twice, or out of order", `${who} after ${before.attempt}`);
      continue;
    }
    if (isHungUp(delivery.story.get(before.attempt), before, ledger.hangUps))
      ledger.retries.add("desk: its listener was killed before it could say what it was answered");
    else explain(delivery, before, sent, kills, name, ledger);
    checkDue(delivery, before, arrival, name, ledger.findings);
  }
}

/** Whether what was answered never came to the relay, because whoever listened was killed. */
function isHungUp(kept: KeptAttempt | undefined, { destination, at }: Arrival, hangUps: readonly number[]): boolean {
  const isUnsaid = destination === TUNNEL && kept?.outcome === "retry" && kept.status === 503;
  return isUnsaid && killedBetween(hangUps, kept.startedAt, at + NOTED_MS);
}

/** What happened to the request before, so that there had to be another. */
function explain(
  { story }: KeptDelivery,
  before: Arrival,
  sent: Sent | undefined,
  kills: readonly number[],
  name: string,
  { findings, duplicates, retries, hidden }: Ledger,
): void {
  const yes = before.status !== null && before.status < 300;
  const cause = causeOf(story.get(before.attempt), before, yes, sent, kills);
  if (cause === null) {
    const told = JSON.stringify({ heard: before, onRecord: story.get(before.attempt) ?? null });
    findings.add("I-5 a receiver heard an event again, and nothing explains it", `${name}: ${told}`);
  } else if (yes) {
    duplicates.add(cause);
    const kept = story.get(before.attempt);
    const kill = kept?.outcome === "lost" ? kills.find((at) => at >= kept.startedAt) : undefined;
    if (kill !== undefined) hidden.push(Math.max(0, kill - (before.answeredAt ?? before.at)));
  } else retries.add(cause);
}

function causeOf(
  kept: KeptAttempt | undefined,
  before: Arrival,
  yes: boolean,
  sent: Sent | undefined,
  kills: readonly number[],
): string | null {
  switch (kept?.outcome) {
    case undefined:
    case "delivered":
      return null;
    case "lost": {
      // From the claim on: what the dead relay has sent is still on its way, and is heard a little after the kill.
      if (yes && killedBetween(kills, kept.startedAt, (before.answeredAt ?? before.at) + NOTED_MS))
        return "killed between the answer and the relay's note of it";
      return !yes && killedBetween(kills, kept.startedAt, before.at + UNDER_WAY_MS)
        ? "killed while the attempt was under way"
        : null;
    }
    case "failed":
      return (sent?.tries.length ?? 0) > 1 ? "failed, then opened again by the sender's own repeat" : null;
    case "retry": {
      if (!yes) return `${before.destination}: ${kept.fault ?? "answered"} ${kept.status ?? ""}`.trimEnd();
      // On a machine that is busy the reset may arrive before anybody has read the status.
      if (before.destination === "resets" && kept.status === null) return "a reset has overtaken its 200";
      const tookMs = (before.answeredAt ?? before.at) - before.at;
      return kept.fault === "timeout" && tookMs > TOO_LATE_MS ? "answered after the relay's 15 s" : null;
    }
  }
}

function killedBetween(kills: readonly number[], from: number, to: number): boolean {
  return kills.some((at) => at >= from && at <= to);
}

/** I-9 by the receiver's own clock: never before the due time on record, nor before the schedule's shortest wait, nor before Retry-After. */
function checkDue(delivery: KeptDelivery, before: Arrival, after: Arrival, name: string, findings: Findings): void {
  const kept = delivery.story.get(before.attempt);
  if (kept?.outcome !== "retry") return;
  const who = `${name}, attempt ${after.attempt}`;
  const early = (kept.nextDue ?? 0) - after.at;
  // Attempts in between were lost before they were heard; the first of them was the one that had to wait.
  if (early > TOLERANCE_MS) findings.add("I-9 an attempt came before it was due", `${who}: ${early} ms early`);
  if (delivery.round > 0) return;
  const scheduled = SHORTEST * waitAfter(delivery.destination, before.attempt);
  const asked = before.status === 429 ? 2_000 : 0;
  const missing = Math.max(scheduled, asked) - (after.at - (before.answeredAt ?? before.at));
  if (missing > TOLERANCE_MS)
    findings.add(
      "I-9 an attempt came sooner than its schedule or Retry-After allows",
      `${who}: ${Math.round(missing)} ms`,
    );
}

/** In ms; schedules of the soak are whole seconds. */
function waitAfter(destination: string, attempt: number): number {
  const waits = Object.entries(DESTINATIONS).find(([name]) => name === destination)?.[1] ?? [];
  return 1_000 * Number.parseInt(waits[attempt - 1] ?? "0", 10);
}
