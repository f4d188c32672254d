// Is everything accounted for? Three books that know nothing of each other: what senders were told, what D1 holds, what receivers heard. Pure.
import type { KeptDelivery, KeptEvent } from "./books.ts";
import { judgeAttempts } from "./duplicates.ts";
import { Counts, type Finding, Findings } from "./findings.ts";
import type { Arrival } from "./receiver.ts";
import type { Life } from "./killed-relay.ts";
import type { Sent } from "./senders.ts";
import { DESTINATIONS } from "./settings.ts";

export interface Evidence {
  readonly sent: readonly Sent[];
  readonly books: ReadonlyMap<string, KeptEvent>;
  readonly arrivals: readonly Arrival[];
  readonly strays: readonly string[];
  readonly lives: readonly Life[];
  /** When whoever listens to the tunnel was killed, in ms since 1970. */
  readonly hangUps?: readonly number[];
}

export interface Account {
  readonly acked: number;
  /** Of those, sent once more after their 2xx. */
  readonly repeated: number;
  readonly forged: number;
  /** Forged letters that were answered, by status. */
  readonly forgedAnswers: Record<string, number>;
  /** Letters that were never acknowledged: those that D1 has all the same, and those it has not. */
  readonly unackedKept: number;
  readonly unackedGone: number;
  readonly deliveries: number;
  readonly delivered: number;
  readonly failed: Record<string, number>;
  /** Requests at receivers, and those after a 2xx for the same delivery, by cause. */
  readonly requests: number;
  readonly duplicates: Record<string, number>;
  /** Requests after one that had not been answered with a whole 2xx, by cause. */
  readonly retries: Record<string, number>;
  /** The longest that a 2xx waited to be noted when a kill hid it, in ms. */
  readonly longestHiddenMs: number;
  readonly findings: readonly Finding[];
}

export function account(evidence: Evidence): Account {
  const { sent, books, arrivals } = evidence;
  const findings = new Findings();
  /** By `event:destination`, in the order in which they arrived. */
  const heard = new Map<string, Arrival[]>();
  for (const arrival of arrivals) {
    const key = `${arrival.event}:${arrival.destination}`;
    const list = heard.get(key);
    if (list === undefined) heard.set(key, [arrival]);
    else list.push(arrival);
  }
  const byDigest = new Map(sent.map((entry) => [entry.digest, entry]));
  checkSenders(sent, books, findings);
  checkStrangers(evidence, byDigest, findings);
  const [duplicates, retries, failed] = [new Counts(), new Counts(), new Counts()];
  const hidden: number[] = [];
  let delivered = 0;
  for (const event of books.values()) {
    const entry = byDigest.get(event.digest);
    for (const delivery of event.deliveries.values()) {
      const own = heard.get(`${event.id}:${delivery.destination}`) ?? [];
      checkEnd(event, delivery, own, findings);
      const { lives, hangUps = [] } = evidence;
      judgeAttempts(event, delivery, own, entry, lives, { findings, duplicates, retries, hidden, hangUps });
      if (delivery.state === "delivered") delivered += 1;
      if (delivery.state === "failed") failed.add(`as ${delivery.reason} (${delivery.destination})`);
    }
  }
  const honest = sent.filter(({ forged }) => forged === null);
  const unacked = honest.filter(({ acks }) => acks === 0);
  const keptDigests = new Set([...books.values()].map(({ digest }) => digest));
  const kept = unacked.filter(({ digest }) => keptDigests.has(digest)).length;
  const forgedAnswers = new Counts();
  for (const { forged, refused } of sent) if (forged !== null && refused !== null) forgedAnswers.add(String(refused));
  return {
    acked: honest.length - unacked.length,
    repeated: honest.filter(({ acks }) => acks > 1).length,
    forged: sent.length - honest.length,
    forgedAnswers: forgedAnswers.all(),
    unackedKept: kept,
    unackedGone: unacked.length - kept,
    deliveries: [...books.values()].reduce((sum, event) => sum + event.deliveries.size, 0),
    delivered,
    failed: failed.all(),
    requests: arrivals.length,
    duplicates: duplicates.all(),
    retries: retries.all(),
    longestHiddenMs: hidden.reduce((longest, ms) => Math.max(longest, ms), 0),
    findings: findings.all(),
  };
}

/** What was promised to senders: I-1, I-2, I-7. */
function checkSenders(sent: readonly Sent[], books: ReadonlyMap<string, KeptEvent>, findings: Findings): void {
  for (const entry of sent) {
    const { id, source, type, digest, size, refused, forged } = entry;
    const name = `${id ?? "no id"} (${source} ${type}, ${size} bytes)`;
    if (forged !== null) {
      if (entry.acks > 0) findings.add("I-13 a forged request was accepted", `${name}: ${forged}`);
      if (refused !== null && refused !== 401)
        findings.add("a forged request was not answered 401", `${name}: ${refused}`);
      continue;
    }
    if (refused !== null) findings.add("an honest request was refused", `${name}: ${refused}`);
    if (entry.otherIds.length > 0) findings.add("I-7 a repeat got another id", `${name}: ${entry.otherIds.join(", ")}`);
    if (id === null) continue;
    const event = books.get(id);
    if (event === undefined) {
      findings.add("I-1 an acknowledged event is not in D1", name);
      continue;
    }
    if (event.digest !== digest || event.size !== size)
      findings.add("I-1 an acknowledged event has other bytes in D1", `${name}: ${event.size} bytes`);
    if (event.source !== source || event.type !== type)
      findings.add("an event has another source or type in D1", `${name}: ${event.source} ${event.type}`);
    const opened = [...event.deliveries.keys()].toSorted().join(", ");
    if (opened !== entry.destinations.join(", "))
      findings.add("I-1 an acknowledged event has other deliveries than its routes say", `${name}: ${opened}`);
  }
}

/** What nobody may find anywhere: I-6, I-13. */
function checkStrangers(evidence: Evidence, byDigest: ReadonlyMap<string, Sent>, findings: Findings): void {
  const { books, arrivals, strays } = evidence;
  for (const stray of strays) findings.add("a request reached an address that is no destination", stray);
  for (const event of books.values()) {
    const entry = byDigest.get(event.digest);
    if (entry === undefined) findings.add("D1 holds an event that nobody sent", event.id);
    else if (entry.forged !== null) findings.add("I-13 D1 holds a forged event", `${event.id}: ${entry.forged}`);
    else if (entry.acks === 0 && !entry.ambiguous)
      findings.add("D1 holds an event whose sender was never connected", event.id);
    else if (entry.id !== null && entry.id !== event.id)
      findings.add("I-7 one event is in D1 under two ids", `${entry.id} and ${event.id}`);
  }
  for (const { event, destination, attempt, digest, proven } of arrivals) {
    const name = `${event}:${destination}, attempt ${attempt}`;
    if (!proven) findings.add("a receiver could not verify a delivery", name);
    const kept = books.get(event);
    if (kept === undefined) findings.add("a receiver heard of an event that is not in D1", name);
    else if (kept.digest !== digest) findings.add("I-6 a receiver got other bytes than D1 holds", name);
    if (kept?.deliveries.has(destination) === false)
      findings.add("a receiver heard of an event that is not for it", name);
  }
}

/** How a delivery ended: I-1, I-4, I-10. */
function checkEnd(event: KeptEvent, delivery: KeptDelivery, heard: readonly Arrival[], findings: Findings): void {
  const { destination, state, reason, attempts, round, story } = delivery;
  const name = `${event.id}:${destination} (${state} ${reason ?? ""}, ${attempts} attempts)`;
  const answered = (accepts: (status: number) => boolean) =>
    heard.some(({ status }) => status !== null && accepts(status));
  if (state === "delivered") {
    const yes = [...story].find(([, { outcome }]) => outcome === "delivered");
    const heardYes = heard.some(({ attempt, status }) => attempt === yes?.[0] && status !== null && status < 300);
    if (!heardYes) findings.add("I-4 delivered, but the receiver never said yes to that attempt", name);
  } else if (state !== "failed") findings.add("I-1 a delivery has not ended", name);
  else if (reason === "gone" && !answered((status) => status === 410))
    findings.add("I-4 failed as gone, but the receiver never said 410", name);
  else if (reason === "exhausted" && attempts - round < scheduleOf(destination) + 1)
    findings.add("I-9 exhausted before its schedule was", name);
  // What has waited behind a breaker for longer than its schedule ends without an attempt that failed last.
  else if (reason !== "gone" && reason !== "exhausted" && reason !== "expired")
    findings.add("I-10 failed without a reason for it", name);
  if (state === "failed" && answered((status) => status < 300))
    findings.add("failed, although the receiver said yes (counted as loss)", name);
}

function scheduleOf(destination: string): number {
  return Object.entries(DESTINATIONS).find(([name]) => name === destination)?.[1].length ?? Infinity;
}
