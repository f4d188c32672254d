// First attempts in the test's hands: the object has a real D1 for everything, until a test takes it away.
import { beforeEach } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { openKnown } from "../../../src/d1/repeats.ts";
import type { FirstOutcome } from "../../../src/d1/settlement.ts";
import { openStore } from "../../../src/d1/store.ts";
import type { IntakeCore } from "../../../src/intake/intake.ts";
import type { Acceptance } from "../../../src/types.ts";
import { type Hands, idOf, inObject, type offering, THEN } from "./hands.ts";
import { bindings, rows, until } from "./relay.ts";

/** Opened anew for each test, which may put another store into its place. */
export const d1 = open();
beforeEach(() => {
  Object.assign(d1, open());
});

function open() {
  const run = openDatabase(bindings.DB);
  return { run, store: openStore(run) };
}

const GONE = "D1_ERROR: Network connection lost.";
/** What D1 does while it is gone. */
export const lost = () => Promise.reject(new Error(GONE));
export const drained = (hands: Hands) => until(() => hands.journal().length === 0);
/** Of the delivery: what is the same at every run. */
export const deliveries = () =>
  rows(
    "SELECT destination, state, attempt, round, reason, status, lease_until FROM deliveries ORDER BY event, destination",
  );
export const DELIVERED = { destination: "first", state: "delivered", attempt: 1, status: 200, lease_until: null };

/** An object that has D1 for everything. */
export async function withD1(use: (hands: Hands, core: IntakeCore) => Promise<void>): Promise<void> {
  await inObject(async (hands) => {
    connect(hands);
    await use(hands, await hands.start());
  });
}

export function connect(hands: Hands): void {
  hands.onCommit = (...group) => d1.store.commit(...group);
  hands.onSettle = (...ended) => d1.store.settleFirsts(...ended);
  hands.onKnown = (ids) => openKnown(d1.run)(ids);
}

/** D1 does not answer, whatever it is asked. */
export function disconnect(hands: Hands): void {
  hands.onCommit = lost;
  hands.onSettle = lost;
  hands.onKnown = lost;
}

/** What may be attempted at once, by an answer. */
export const first = (answer: Acceptance) => (answer.kind === "accepted" ? answer.first : undefined);

/** What the isolate does with an answer: asks for what it has to wait for. Gives the destinations that it may send to. */
export async function granted(
  core: IntakeCore,
  one: { id: string; receipt: string },
  answer: Acceptance,
): Promise<string[]> {
  const { go = [], wait = [] } = first(answer) ?? {};
  const asked = await Promise.all(
    wait.map(async (to) => ((await core.grant(one.id, one.receipt, to)) === null ? [] : [to])),
  );
  return [...go, ...asked.flat()];
}

/** Offers an event and gives the destinations that were granted. */
export async function offer(core: IntakeCore, one: ReturnType<typeof offering>): Promise<string[]> {
  return await granted(core, one, await core.accept(one));
}

type Sent = Exclude<FirstOutcome, { state: "unsent" }>;
export const yes = (change: Partial<Sent> = {}): Sent => ({
  destination: "first",
  state: "delivered",
  reason: null,
  dueAt: THEN,
  startedAt: THEN,
  latencyMs: 3,
  status: 200,
  fault: null,
  excerpt: "thanks",
  ...change,
});
/** It is tried again in a second. */
export const retry = yes({ state: "pending", dueAt: THEN + 1000, status: 503, excerpt: "no" });
/** Its schedule was used up by the one attempt. */
export const exhausted = yes({ state: "failed", reason: "exhausted", status: 500, excerpt: "no" });

export const end = async (core: IntakeCore, n: number, ...outcomes: FirstOutcome[]) => {
  await core.ended(idOf(n), `receipt-${n}`, 2, outcomes);
};
