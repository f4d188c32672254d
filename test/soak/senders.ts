// Providers at work: a steady stream of letters, each sent again a bounded number of times until it is acknowledged, some of them once more after that.
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { Dice } from "../sim/dice.ts";
import type { Forgery, Letter } from "./letters.ts";

/** Waits before the second, third … try of a letter that was not acknowledged, in ms. */
const WAITS = [500, 1_000, 2_000, 4_000, 8_000];
/** What GitHub gives a receiver, in ms. */
const PATIENCE_MS = 10_000;
/** One acknowledged letter in 20 is sent again, with the same id, within so many ms. */
const REPEATED = 1 / 20;
const REPEAT_MS = 6_000;
/** Letters under way or waiting for another try. Beyond that none is begun, and that is counted. */
const MOST_OPEN = 2_000;

/** One letter and what came of it. The body is not kept. Times in ms since 1970. */
export interface Sent {
  readonly source: string;
  readonly type: string;
  readonly digest: string;
  readonly size: number;
  readonly destinations: readonly string[];
  readonly forged: Forgery | null;
  /** When each request began. */
  readonly tries: number[];
  /** The id in the first 2xx; `null` where there was none. */
  id: string | null;
  ackedAt: number | null;
  /** 2xx in all. */
  acks: number;
  /** Whether a request may have arrived although nobody said so: the connection broke, or the relay answered 503. */
  ambiguous: boolean;
  /** Answers that were neither 2xx nor a request to come again: 401 for a forged one. */
  refused: number | null;
  /** Ids that differ from the first, which none may. */
  readonly otherIds: string[];
}

export interface Tally {
  /** Requests that nobody was there for: certainly not received. */
  unreachable: number;
  /** Requests whose connection broke before the answer. */
  broken: number;
  /** Answers, by status. */
  readonly statuses: Map<number, number>;
  /** Letters that were not begun because too many were open. */
  skipped: number;
}

export interface Traffic {
  readonly sent: readonly Sent[];
  readonly tally: Tally;
  /** Resolves when every letter has been acknowledged or given up. */
  readonly done: Promise<void>;
}

export interface TrafficOptions {
  readonly write: (now: number) => Letter;
  /** Where the relay listens now. */
  readonly url: () => string | null;
  readonly dice: Dice;
  /** Letters a second. */
  readonly rate: number;
  /** ms since 1970 */
  readonly until: number;
  readonly stopped: AbortSignal;
}

export function startTraffic(options: TrafficOptions): Traffic {
  const sent: Sent[] = [];
  const tally: Tally = { unreachable: 0, broken: 0, statuses: new Map(), skipped: 0 };
  return { sent, tally, done: stream(options, sent, tally) };
}

async function stream(options: TrafficOptions, sent: Sent[], tally: Tally): Promise<void> {
  const { write, rate, until, stopped } = options;
  const open = new Set<Promise<void>>();
  const began = Date.now();
  for (let n = 0; Date.now() < until && !stopped.aborted; n += 1) {
    const late = began + (n * 1_000) / rate - Date.now();
    if (late > 0) await sleep(late);
    if (open.size >= MOST_OPEN) {
      tally.skipped += 1;
      continue;
    }
    const letter = write(Date.now());
    const { source, type, digest, destinations, forged } = letter;
    const entry: Sent = {
      source,
      type,
      digest,
      size: letter.body.length,
      destinations,
      forged,
      tries: [],
      id: null,
      ackedAt: null,
      acks: 0,
      ambiguous: false,
      refused: null,
      otherIds: [],
    };
    sent.push(entry);
    const work = persist(letter, entry, tally, options).finally(() => open.delete(work));
    open.add(work);
  }
  await Promise.all(open);
}

/** As a provider does it: again and again for a while, with the same id and the same bytes. */
async function persist(letter: Letter, entry: Sent, tally: Tally, options: TrafficOptions): Promise<void> {
  const { dice, stopped } = options;
  for (const wait of [0, ...WAITS]) {
    await sleep(wait * (0.8 + 0.4 * dice.next()));
    if (stopped.aborted) return;
    await post(letter, entry, tally, options);
    if (entry.acks > 0 || entry.refused !== null) break;
    // A stranger does not insist.
    if (letter.forged !== null && entry.tries.length > 1) break;
  }
  if (entry.acks === 0 || !dice.chance(REPEATED)) return;
  await sleep(dice.whole(0, REPEAT_MS));
  await post(letter, entry, tally, options);
}

const answer = z.object({ id: z.string(), status: z.enum(["accepted", "duplicate"]) });

async function post(letter: Letter, entry: Sent, tally: Tally, { url }: TrafficOptions): Promise<void> {
  const base = url();
  entry.tries.push(Date.now());
  if (base === null) {
    tally.unreachable += 1;
    return;
  }
  try {
    const response = await fetch(`${base}/in/${letter.source}`, {
      method: "POST",
      headers: letter.sign(Date.now()),
      body: new Uint8Array(letter.body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { status } = response;
    const told: unknown = await response.json();
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
    if (status === 200) acknowledge(entry, answer.parse(told).id);
    else if (status === 503 || status === 429 || status === 408) entry.ambiguous = true;
    else entry.refused = status;
  } catch (error) {
    if (refusedConnection(error)) {
      tally.unreachable += 1;
      return;
    }
    tally.broken += 1;
    entry.ambiguous = true;
  }
}

function acknowledge(entry: Sent, id: string): void {
  entry.acks += 1;
  entry.ackedAt ??= Date.now();
  entry.id ??= id;
  if (entry.id !== id) entry.otherIds.push(id);
}

function refusedConnection(error: unknown): boolean {
  const { cause } = error instanceof Error ? error : { cause: null };
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}
