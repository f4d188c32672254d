// Sends an event of the relay's own, now and once, by the very code that sends all others.
import type { Tested } from "../contract/operations.ts";
import { attempt, type AttemptDeps } from "../out/attempt.ts";
import type { Trials } from "../d1/trials.ts";
import type { Config } from "../config/configured.ts";
import type { Log } from "../log.ts";
import type { Acts } from "./operator.ts";
import { type AskingDeps, askingFor } from "./asking.ts";
import { iso } from "../time.ts";
import { conflict, noDestination } from "./refuse.ts";

export interface TestDeps extends AskingDeps, AttemptDeps {
  readonly config: Pick<Config, "destinations">;
  readonly trials: Trials;
  readonly log: Log;
}

/** Neither can belong to a source or an event of anybody's. */
const SOURCE = "hookline";
const TYPE = "hookline.test";

/** @see Acts.test */
export function openTest(deps: TestDeps): Acts["test"] {
  const { config, trials, newId, log } = deps;
  return async (name, by) => {
    const destination = config.destinations.get(name);
    if (destination === undefined) return noDestination(name);
    const now = deps.now();
    const asking = await askingFor("test", name, by, deps);
    const { first, answer } = await trials.begin(asking, now);
    if (!first) return repeated(name, answer);

    const id = `evt_test_${newId()}`;
    const body = JSON.stringify({
      type: TYPE,
      timestamp: iso(now),
      data: { destination: name, sent_by: asking.actor },
    });
    const bytes = new TextEncoder().encode(body);
    const event = { id, source: SOURCE, type: TYPE, headers: { "content-type": "application/json" } };
    const ended = await attempt(event, destination, { attempt: 1, round: 0 }, () => Promise.resolve(bytes), deps);
    if (ended === null) throw new Error(`the test of ${name} was not made, though its body is at hand`);
    const value: Tested = {
      destination: name,
      event: id,
      outcome: ended.state === "pending" ? "retry" : ended.state,
      status: ended.status,
      fault: ended.fault,
      latency_ms: ended.latencyMs,
      answer: ended.excerpt,
    };
    await trials.end(asking, value);
    log.info("test.asked", { destination: name, event: id, outcome: value.outcome, status: value.status });
    return { ok: true, value };
  };
}

function repeated(name: string, answer: unknown) {
  if (Array.isArray(answer)) return conflict(`a test of "${name}" with this Idempotency-Key is under way or broke off`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `end` was given by an earlier asking with this key
  return { ok: true as const, value: answer as Tested };
}
