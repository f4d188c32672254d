// The scenarios of `scenarios.ts`, one after another, over HTTP against a relay in a process of its own.
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type Arrival, type Receiver, say, startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";
import { scenarios, type Scenario, type Step } from "./scenarios.ts";
import { abandon, CREDENTIALS, request, SECRET } from "./sender.ts";

const told = z.object({ id: z.string(), status: z.string() });
const history = z.object({ events: z.array(z.object({ id: z.string(), type: z.string() })) });

/** A run of one scenario. */
class Run {
  readonly #vars: Parameters<typeof Relay.start>[0];
  readonly #state: string;
  readonly #receiver: Receiver;
  /** Answers to come, and what the receiver has been told in headers. */
  readonly #answers: (number | "works, then hangs up")[];
  readonly headers: string[];
  readonly relays: Relay[] = [];
  readonly answers: string[] = [];
  /** The relay's id of each event, once it has said one. */
  readonly ids = new Map<string, string>();

  private constructor(
    receiver: Receiver,
    state: string,
    talk: { answers: (number | "works, then hangs up")[]; headers: string[] },
  ) {
    this.#receiver = receiver;
    this.#state = state;
    this.#answers = talk.answers;
    this.headers = talk.headers;
    const vars = relayVars({ effects: { url: receiver.address("effects"), retry: ["1s", "1s", "1s"] } });
    const standard = { provider: "standard-webhooks", allow: ["127.0.0.1/32"] };
    this.#vars = {
      ...vars,
      SOURCES: { standard },
      ROUTES: { all: { from: "standard", to: "effects" } },
      STANDARD_SECRET: SECRET,
    };
  }

  static async start(): Promise<Run> {
    const talk: { answers: (number | "works, then hangs up")[]; headers: string[] } = { answers: [], headers: [] };
    const answer = (arrival: Arrival, response: ServerResponse): void => {
      talk.headers.push(JSON.stringify(response.req.rawHeaders));
      const next = talk.answers.shift() ?? 200;
      if (next === "works, then hangs up") response.destroy();
      else say(next, arrival, response);
    };
    const run = new Run(await startReceiver(answer), await stateFolder(), talk);
    await run.restart();
    return run;
  }

  get relay(): Relay {
    return this.relays.at(-1) ?? expect.fail("no relay runs");
  }

  get url(): string {
    return `${this.relay.url}/in/standard`;
  }

  async restart(): Promise<void> {
    await this.relays.at(-1)?.crash();
    this.relays.push(await Relay.start(this.#vars, this.#state));
  }

  async post(event: string, change?: Parameters<typeof request>[1]): Promise<{ code: number; status?: string }> {
    const response = await fetch(this.url, { method: "POST", ...request(event, change) });
    const text = await response.text();
    this.answers.push(text);
    if (response.status !== 200) return { code: response.status };
    const { id, status } = told.parse(JSON.parse(text));
    expect(id, `${event} keeps its first id`).toBe(this.ids.get(event) ?? id);
    this.ids.set(event, id);
    return { code: response.status, status };
  }

  async take(step: Step): Promise<void> {
    if ("kill" in step) {
      if (step.kill === "after") await this.post(step.send);
      else await abandon(this.url, request(step.send), "the request");
      await this.relay.crash();
    } else if ("send" in step) {
      const { code, status } = await this.post(step.send, step.change);
      expect(code, JSON.stringify(step)).toBe(step.answer);
      if (step.status !== undefined) expect(status, JSON.stringify(step)).toBe(step.status);
    } else if ("together" in step) {
      const answers = await Promise.all(Array.from({ length: step.times }, () => this.post(step.together)));
      expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 200));
      expect(answers.filter(({ status }) => status === "accepted")).toHaveLength(1);
    } else if ("abandon" in step) await abandon(this.url, request(step.abandon), step.after);
    else if ("restart" in step) await this.restart();
    else if ("destination" in step) this.#answers.push(...step.destination);
    else await this.delivered(step.delivered);
  }

  async delivered(event: string): Promise<void> {
    const id = this.ids.get(event) ?? expect.fail(`${event} has no id yet`);
    await until(
      `${event} is delivered`,
      async () => {
        const shown = JSON.stringify(await this.relay.api(`/api/deliveries`));
        return shown.includes(`"id":"${id}:effects"`) && /"state":"delivered"/.test(deliveryIn(shown, id))
          ? true
          : undefined;
      },
      180_000,
    );
  }

  /** Until nothing is on its way any more: what should not be heard a second time has had its chance. */
  async quiet(): Promise<void> {
    const open = /"state":"(pending|delivering)"/;
    const since = Date.now();
    await until(
      "nothing is on its way",
      async () => {
        const { intake } = z
          .object({ intake: z.object({ waiting: z.number(), seen_at: z.string() }) })
          .parse(await this.relay.api("/health"));
        const shown = JSON.stringify(await this.relay.api("/api/deliveries"));
        // The relay may answer what it has seen before.
        return intake.waiting === 0 && Date.parse(intake.seen_at) >= since && !open.test(shown) ? true : undefined;
      },
      180_000,
    );
  }

  heard(event: string): number {
    const id = this.ids.get(event);
    return this.#receiver.arrivals.filter((arrival) => arrival.event === id).length;
  }

  /** Types of the events that are kept, oldest first. */
  async kept(): Promise<string[]> {
    const { events } = history.parse(await this.relay.api("/api/events"));
    return events.map(({ id }) => [...this.ids].find(([, known]) => known === id)?.[0] ?? `unknown ${id}`).toReversed();
  }

  get total(): number {
    return this.#receiver.arrivals.length;
  }
}

/** The part of the answer that speaks of this delivery. */
function deliveryIn(shown: string, id: string): string {
  return shown.slice(shown.indexOf(`"id":"${id}:effects"`)).split('"id":"evt_', 2)[1] ?? "";
}

async function holds({ steps, kept, heard }: Scenario): Promise<Run> {
  const run = await Run.start();
  for (const step of steps) await run.take(step);
  await run.quiet();
  expect(await run.kept()).toEqual(kept);
  for (const [event, times] of Object.entries(heard)) {
    if (times === "at least once") expect(run.heard(event), event).toBeGreaterThanOrEqual(1);
    else expect(run.heard(event), event).toBe(times);
  }
  // Nothing is heard that nobody sent: no event but these.
  expect(run.total).toBe([...run.ids.keys()].reduce((sum, event) => sum + run.heard(event), 0));
  // Somebody else's mistake is never our own fault.
  const faults = run.relays.flatMap(({ log }) => log).filter(({ event }) => event === "http.failed");
  expect(faults).toEqual([]);
  return run;
}

describe("conformance", () => {
  test.for(scenarios.map((scenario) => [scenario.name, scenario.asks, scenario] as const))(
    "%s: %s",
    async ([name, , scenario]) => {
      const run = await holds(scenario);
      if (name !== "redaction") return;
      const shown = JSON.stringify([
        run.relays.map(({ log }) => log),
        run.answers,
        run.headers,
        await run.relay.api("/api/deliveries"),
      ]);
      for (const secret of [...Object.values(CREDENTIALS), SECRET, SECRET.slice(6)])
        expect(shown).not.toContain(secret);
      expect(shown).toContain(run.ids.get("a"));
    },
  );

  test("all sixteen scenarios are here, each under a name of its own", () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(16);
  });
});
