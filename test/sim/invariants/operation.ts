// I-10, I-12, I-14, I-15, I-16, and the rules of bells and limits: what the operator relies on.
import type { Ledger, Try } from "../ledger.ts";
import { CANARY, DESTINATION_KEY, INSPECTOR } from "../settings.ts";
import { EPOCH } from "../scheduler.ts";
import { DESK } from "../listening.ts";
import { WANTING } from "../things.ts";
import { BUCKETS } from "../ways.ts";
import { repeatsMayBeNew } from "./firsts.ts";
import { first, type Invariant, yes } from "./invariant.ts";
import { isBehind } from "./order.ts";
import { SHAPED } from "./traits.ts";

/** Headers that must never leave (the design's contract). */
const PRIVATE = [
  "cookie",
  "authorization",
  "x-signature",
  "x-hub-signature-256",
  "cf-connecting-ip",
  "x-forwarded-for",
];
/** ADR 5: given back after 10 s, sent 15 s later at most; and the way there. */
const ISOLATED_MS = 45_000;
/** A destination counts as slow for a minute after a timeout of 15 s. */
const HANGING_MS = 80_000;
/** From the time that a resume is dated with to its commit. */
const RESUMING_MS = 60_000;
export const LIMIT = { burst: 4, periodMs: 60_000 };

export const visibleDeath: Invariant = {
  id: "I-10",
  says: "a failed delivery has a reason, is listed, and alerts once",
  ended(ledger) {
    const { platform, lines, moves } = ledger;
    if (!platform.d1.hasTable("failing")) return null;
    const sql = `SELECT d.delivery, d.reason, d.attempts, f.delivery AS listed FROM delivery_history d LEFT JOIN failing f USING (delivery) WHERE d.state = 'failed'`;
    const rows = platform.d1.look<{ delivery: string; reason: string | null; attempts: number; listed: string | null }>(
      sql,
    );
    const alerts = lines.filter(({ text }) => text.includes('"event":"delivery.failed"'));
    return first(rows, ({ delivery, reason, attempts, listed }) => {
      if (reason === null) return `${delivery} failed for no reason`;
      if (listed === null) return `${delivery} failed and is not listed`;
      const count = alerts.filter(
        ({ text }) => text.includes(`"${delivery}"`) && text.includes(`"attempt":${attempts},`),
      ).length;
      // What waits at a breaker may end twice without an attempt between: after a replay.
      const ends = moves.filter(
        ({ id, destination, to, from, attempt }) =>
          `${id}:${destination}` === delivery && to === "failed" && from !== "failed" && attempt === attempts,
      ).length;
      // What two objects have accepted, or one while D1 was silent, may have had two first attempts (guarantees.md).
      const isTwice = ledger.hasMoved(delivery.split(":")[0] ?? "") || repeatsMayBeNew(ledger);
      const apart = attempts === 1 && isTwice ? 1 : 0;
      return count > Math.max(ends, 1) + apart ? `${delivery} was announced as failed ${count} times` : null;
    });
  },
};

export const isolation: Invariant = {
  id: "I-12",
  says: "a destination that hangs or never stops delays others by a fixed bound, and no attempt goes on beyond its time",
  ended(ledger) {
    if (!ledger.calm) return null;
    const moods = new Set(ledger.plan.steps.flatMap((step) => (step.do === "mood" ? [step.destination] : [])));
    return first(ledger.moves, (move) => {
      // What goes to a bucket is on no network. What is refused for a name that points inwards, or whose transform is
      // gone, is never sent.
      if (ledger.plan.traits.some((trait) => trait === "inward" || trait === "remade")) return null;
      if (move.from !== null || moods.has(move.destination) || BUCKETS.has(move.destination)) return null;
      // Who wants what cannot be fetched waits for it.
      if (WANTING.some((name) => name === move.destination) && moods.has("things")) return null;
      const [arrival] = ledger.arrivalsOf(move.id, move.destination);
      const waited = (arrival?.at ?? Infinity) - move.at;
      return waited > ISOLATED_MS
        ? `${move.id}:${move.destination} waited ${waited / 1000} s behind ${[...moods].join()}`
        : null;
    });
  },
};

export const noSecretEscapes: Invariant = {
  id: "I-14",
  says: "a canary in every secret slot never shows in a log line, a row, an answer or an outgoing request",
  logged: (line) => (leaks(line) ? `the log says ${line.slice(0, 200)}` : null),
  answered: ({ answer }) =>
    leaks(answer.text + [...answer.headers].join()) ? `an answer says ${answer.text.slice(0, 200)}` : null,
  arrived({ headers: all, url, body, destination }, { plan }) {
    // What alpha is sent with its own shape is a promise of its own.
    const isShaped = destination === "alpha" && plan.traits.includes("shaped");
    const { authorization, ...rest } = all;
    const headers = isShaped && authorization === SHAPED.headers.authorization ? rest : all;
    const name = PRIVATE.find((one) => headers[one] !== undefined);
    if (name !== undefined) return `${destination} was sent the header ${name}`;
    const texts = [...Object.values(headers), isShaped ? "" : url].join();
    return leaks(texts) || leaks(Buffer.from(body).toString("latin1")) ? `${destination} was sent a secret` : null;
  },
  ended: ({ platform }) =>
    first(everything(platform), ([table, rows]) => (leaks(JSON.stringify(rows)) ? `${table} holds a secret` : null)),
};

export const idempotentAdmin: Invariant = {
  id: "I-15",
  says: "a replay that is asked for twice under one key happens once, with one audit row",
  ended(ledger) {
    const { platform, plan, moves } = ledger;
    if (!platform.d1.hasTable("audit")) return null;
    const asked = new Set(plan.steps.flatMap((step) => (step.do === "replay" ? [step.key] : []))).size;
    const audited = platform.d1.look("SELECT 1 FROM audit WHERE action = 'replay'").length;
    const opened = new Set(
      moves.flatMap((move) => (move.by === "replay" && move.to === "pending" ? [move.receipt] : [])),
    ).size;
    if (opened !== audited) return `${opened} replays opened a delivery, and ${audited} are in the audit`;
    // A key asked for two targets counts for each.
    return audited > asked * targetsOf(ledger)
      ? `${audited} replays are in the audit, and ${asked} were asked for`
      : null;
  },
};

/** Under one key a second asking may meet another target, where the first has been opened meanwhile. */
function targetsOf({ plan }: Ledger): number {
  return Math.max(1, ...plan.steps.map((step) => (step.do === "replay" ? step.times : 1)));
}

export const retention: Invariant = {
  id: "I-16",
  says: "past its retention no byte of a payload is left",
  expired({ platform, scheduler }) {
    const young = youngNotices(platform, scheduler.now + EPOCH);
    return first(everything(platform), ([table, rows]) => {
      if (!["events", "event_parts", "deliveries", "attempts", "inspections", "journal", "stuck"].includes(table))
        return null;
      const left = rows.filter((row) => !young.has(Reflect.get(Object(row), table === "events" ? "seq" : "event")));
      return left.length > 0 ? `${table} still holds ${left.length} rows` : null;
    });
  },
};

/** `RETENTION_DAYS` of the worlds, in ms. */
const KEPT_MS = 5 * 24 * 60 * 60_000;

/** Notices that are not past their retention: whoever replays in the end is told of what fails then. By number and id. */
function youngNotices({ d1 }: Ledger["platform"], now: number): ReadonlySet<unknown> {
  if (!d1.hasTable("events")) return new Set();
  const sql = "SELECT seq, id FROM events WHERE source = 'hookline' AND received_at >= ?1";
  return new Set(d1.look<{ seq: number; id: string }>(sql, now - KEPT_MS).flatMap(({ seq, id }) => [seq, id]));
}

export const bells: Invariant = {
  id: "bells",
  says: "a bell is acknowledged only once its delivery is claimed, has ended, is not due, was rung again, comes behind another, or its destination hangs, is paused or has an open breaker",
  acked({ delivery, attempt }, began, ledger) {
    const { platform, rung, scheduler, skewed } = ledger;
    if (skewed) return null;
    const [id = "", destination = ""] = delivery.split(":");
    const [row] = platform.d1.look<{ state: string; attempt: number; due_at: number }>(
      "SELECT state, attempt, due_at FROM deliveries d JOIN events e ON e.seq = d.event WHERE e.id = ?1 AND destination = ?2",
      id,
      destination,
    );
    if (row === undefined || row.state !== "pending" || row.attempt >= attempt) return null;
    if (row.due_at - EPOCH > began) return null;
    // What rang for a paused destination is held beside the acknowledgement, or else is the sweep's.
    const paused = "SELECT 1 FROM pauses WHERE destination = ?1";
    const resumed = "SELECT 1 FROM audit WHERE action = 'resume' AND target = ?1 AND at >= ?2";
    if (platform.d1.look(paused, destination).length > 0) return null;
    if (platform.d1.look(resumed, destination, Math.floor(began + EPOCH) - RESUMING_MS).length > 0) return null;
    // So is what rang at a breaker that is open, or has closed since.
    const troubled = "SELECT 1 FROM breakers WHERE destination = ?1 AND (opened_at IS NOT NULL OR closed_at >= ?2)";
    if (platform.d1.look(troubled, destination, Math.floor(began + EPOCH)).length > 0) return null;
    if (destination === "alpha" && isBehind(id, Math.floor(began + EPOCH), ledger)) return null;
    // For a tunnel it is held.
    if (destination === DESK) return null;
    // A backlog for a destination that hangs is the sweep's.
    const lately = scheduler.now - HANGING_MS;
    const hangs =
      platform.network.arrivals.some((one) => one.destination === destination && !one.complete && one.at > lately) ||
      scheduler.hits.some(({ point, at }) => at > lately && isReach(point.name, destination));
    if (hangs) return null;
    if (rung.some((bell) => bell.delivery === delivery && bell.attempt === attempt && bell.at >= began)) return null;
    return `the bell for attempt ${attempt} of ${delivery} was acknowledged at ${Math.round(scheduler.now)} ms, and nobody has claimed it`;
  },
};

/** Whether a call reaches this destination; an inspector stands behind D1. */
function isReach(name: string, destination: string): boolean {
  if (BUCKETS.has(destination)) return name.startsWith("ring archive");
  return name.startsWith(destination === INSPECTOR ? "d1 keep inspection" : `fetch ${destination}`);
}

export const limits: Invariant = {
  id: "limits",
  says: "a source's limit is never exceeded, whatever fails, and what proves itself spends nothing of the flood guard",
  answered(one, { tries, skewed }) {
    if (!yes(one)) return null;
    const counted = one.by.did.find((name) => name.startsWith("flood guard"));
    if (counted !== undefined) return `a request that proved itself was counted by the flood guard (${counted})`;
    // A repeat spends nothing.
    if (!spends(one, tries) || skewed) return null;
    const life = tries.filter((earlier) => earlier.life === one.life && spends(earlier, tries));
    return first(life, (earlier) => {
      // An edge that has tried twice says "accepted" of another's event too: it is one event all the same.
      const later = life.filter((other) => other.answeredAt >= earlier.answeredAt);
      const between = new Set([...later, one].map(({ id }) => id)).size;
      const most = LIMIT.burst + 1 + (LIMIT.burst * (one.answeredAt - earlier.answeredAt)) / LIMIT.periodMs;
      return between > most
        ? `${between} events got in within ${(one.answeredAt - earlier.answeredAt) / 1000} s, with a limit of 4/min`
        : null;
    });
  },
};

/**
 * Whether a request was let in as an event of the source with a limit that nobody had heard of before. A life of an
 * object that does not remember those of an earlier one gives back what their repeats have spent.
 */
function spends({ letter, status, id, life, answeredAt }: Try, tries: readonly Try[]): boolean {
  if (letter.source !== "limited" || status !== "accepted") return false;
  return !tries.some((other) => other.id === id && other.life !== life && other.answeredAt < answeredAt);
}

function leaks(text: string): boolean {
  return text.includes(CANARY) || text.includes(DESTINATION_KEY.slice(8, 40));
}

function tables(store: { look<Row>(sql: string): Row[] }): [string, unknown[]][] {
  const names = store.look<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  );
  return names.map(({ name }) => [name, store.look(`SELECT * FROM ${name}`)]);
}

/** The tables of D1 and of every Intake object. */
export function everything({ d1, intakes, bodies }: Ledger["platform"]): [string, unknown[]][] {
  const objects: [string, unknown[]] = ["the bucket of large bodies", [...bodies.objects]];
  return [...tables(d1), ...intakes.all.flatMap(({ storage }) => tables(storage)), objects];
}
