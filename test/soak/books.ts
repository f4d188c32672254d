// What does D1 hold in the end? Reads the database file of a relay that is dead, beside all of its code; changes nothing.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createHash } from "node:crypto";
import * as z from "zod";

const eventRow = z.object({
  seq: z.number(),
  id: z.string(),
  receipt: z.string(),
  source: z.string(),
  type: z.string(),
  received_at: z.number(),
  encoding: z.enum(["text", "base64"]),
  size: z.number(),
  body: z.string().nullable(),
  parts: z.number(),
});
const deliveryRow = z.object({
  id: z.string(),
  destination: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  attempt: z.number(),
  round: z.number(),
  started_at: z.number().nullable(),
  status: z.number().nullable(),
  fault: z.string().nullable(),
  ended_at: z.number().nullable(),
});
const attemptRow = z.object({
  id: z.string(),
  destination: z.string(),
  n: z.number(),
  started_at: z.number(),
  status: z.number().nullable(),
  fault: z.string().nullable(),
  outcome: z.enum(["delivered", "retry", "failed", "lost"]),
  next_due: z.number().nullable(),
});

/** One event. `digest` is of the body that its rows add up to. Times in ms since 1970. */
export interface KeptEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly receivedAt: number;
  readonly digest: string;
  readonly size: number;
  /** By destination. */
  readonly deliveries: Map<string, KeptDelivery>;
}

export interface KeptDelivery {
  readonly destination: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
  /** Attempts before the delivery was opened again. */
  readonly round: number;
  readonly endedAt: number | null;
  /** By number: those on record, and the success at the first try that only the delivery tells of. */
  readonly story: Map<number, KeptAttempt>;
}

export interface KeptAttempt {
  readonly startedAt: number;
  readonly status: number | null;
  readonly fault: string | null;
  readonly outcome: "delivered" | "retry" | "failed" | "lost";
  readonly nextDue: number | null;
}

/** @param stateDir of a relay that does not run any more; answers with events by id */
export async function readBooks(stateDir: string): Promise<Map<string, KeptEvent>> {
  const folder = join(stateDir, "d1/miniflare-D1DatabaseObject");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error(`${names.length} databases in ${folder}`);
  const db = new DatabaseSync(join(folder, name));
  try {
    return read(db);
  } finally {
    db.close();
  }
}

function read(db: DatabaseSync): Map<string, KeptEvent> {
  const parts = db.prepare("SELECT data FROM event_parts WHERE receipt = ? ORDER BY n");
  const events = new Map<string, KeptEvent>();
  for (const raw of db.prepare("SELECT * FROM events ORDER BY seq").iterate()) {
    const row = eventRow.parse(raw);
    const hash = createHash("sha256");
    const pieces = row.body === null ? parts.all(row.receipt).map(({ data }) => String(data)) : [row.body];
    const complete = row.body !== null || pieces.length === row.parts;
    for (const piece of pieces) hash.update(Buffer.from(piece, row.encoding === "text" ? "utf8" : "base64"));
    const { id, source, type, size } = row;
    const digest = complete ? hash.digest("hex") : `${pieces.length} of ${row.parts} parts`;
    events.set(id, { id, source, type, size, receivedAt: row.received_at, digest, deliveries: new Map() });
  }
  const deliveries = "SELECT e.id, d.* FROM deliveries d JOIN events e ON e.seq = d.event";
  for (const raw of db.prepare(deliveries).iterate()) {
    const row = deliveryRow.parse(raw);
    events.get(row.id)?.deliveries.set(row.destination, toDelivery(row));
  }
  for (const raw of db.prepare("SELECT e.id, a.* FROM attempts a JOIN events e ON e.seq = a.event").iterate()) {
    const { id, destination, n, started_at: startedAt, next_due: nextDue, ...rest } = attemptRow.parse(raw);
    const { status, fault, outcome } = rest;
    events.get(id)?.deliveries.get(destination)?.story.set(n, { startedAt, status, fault, outcome, nextDue });
  }
  return events;
}

function toDelivery(row: z.output<typeof deliveryRow>): KeptDelivery {
  const { destination, state, reason, attempt, round, status, fault } = row;
  const story = new Map<number, KeptAttempt>();
  if (state === "delivered" && attempt === 1)
    story.set(1, { startedAt: row.started_at ?? 0, status, fault, outcome: "delivered", nextDue: null });
  return { destination, state, reason, attempts: attempt, round, endedAt: row.ended_at, story };
}
