// Sends an event of the relay's own, now and once, by the very code that sends all others.
import type { Tested } from "../contract/acts.ts";
import { TEST } from "../d1/deeds/test.ts";
import { attempt, isMade } from "../out/attempt.ts";
import { iso } from "../time.ts";
import type { Conclusion } from "../out/conclude.ts";
import { openOnce } from "./once.ts";
import type { Verb, VerbDeps } from "./operator.ts";
import { conflict, noDestination } from "./refuse.ts";

/** Neither can belong to a source or an event of anybody's. */
const SOURCE = "hookline";
const TYPE = "hookline.test";

/** Sends an event of the relay's own, now and once, and tells the answer. */
export function openTest(deps: VerbDeps): Verb<"test"> {
  const { config, tables, newId, log } = deps;
  const once = openOnce(deps);
  return async (name, by) => {
    const destination = config.destinations.get(name);
    if (destination === undefined) return noDestination(name);
    const now = deps.now();
    const { first, answer, asking } = await once(TEST, name, {}, by);
    if (!first) return repeated(name, answer);

    const id = `evt_test_${newId()}`;
    const body = JSON.stringify({
      type: TYPE,
      timestamp: iso(now),
      data: { destination: name, sent_by: asking.actor },
    });
    const bytes = new TextEncoder().encode(body);
    const event = { id, source: SOURCE, type: TYPE, receivedAt: now, headers: { "content-type": "application/json" } };
    const ended = await attempt(event, destination, { attempt: 1, round: 0 }, () => Promise.resolve(bytes), deps);
    const value: Tested = { destination: name, event: id, ...(isMade(ended) ? toOutcome(ended) : UNHEARD) };
    await tables.trials.end(asking, value);
    log.info("test.asked", { destination: name, event: id, outcome: value.outcome, status: value.status });
    return { ok: true, value };
  };
}

function toOutcome({ state, status, fault, latencyMs, excerpt }: Conclusion): Omit<Tested, "destination" | "event"> {
  return { outcome: state === "pending" ? "retry" : state, status, fault, latency_ms: latencyMs, answer: excerpt };
}

/** Of a tunnel that nobody listens to, or nobody who takes it. */
const UNHEARD: Omit<Tested, "destination" | "event"> = {
  outcome: "failed",
  status: null,
  fault: null,
  latency_ms: 0,
  answer: "nobody listens who takes it: hookline listen",
};

function repeated(name: string, answer: unknown) {
  if (Array.isArray(answer)) return conflict(`a test of "${name}" with this Idempotency-Key is under way or broke off`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `end` was given by an earlier asking with this key
  return { ok: true as const, value: answer as Tested };
}
