// Bulk replays in the test's hands: D1 is real, the operator and the runner are the relay's, the clock and the bells are the test's.
import type { ReplayFilter, ReplayJob } from "../../../src/contract/operations.ts";
import { openD1 } from "../../../src/d1/open.ts";
import { openReplayActs, openReplayLooks } from "../../../src/operate/replays.ts";
import { openUse } from "../../../src/operate/use.ts";
import { Use } from "../../../src/feed/use.ts";
import type { By, Done } from "../../../src/operate/operator.ts";
import { runReplays, type ReplaysDeps } from "../../../src/sweep/replays.ts";
import type { Bell, Event } from "../../../src/types.ts";
import { idOf } from "./hands.ts";
import { bindings, rows } from "./relay.ts";
import { Round } from "./round.ts";

export const MINUTE = 60_000;
export const STEP = 10_000;
export const DAY = 24 * 60 * MINUTE;
/** A filter that admits everything. */
export const ALL: ReplayFilter = {
  source: null,
  type: null,
  destination: null,
  state: "both",
  since: null,
  until: null,
};

export const by = (key: string | null = null): By => ({
  caller: { actor: "key:night watch", role: "operator", how: "key" },
  key,
});
export const name = (n: number, destination = "first"): string => `${idOf(n)}:${destination}`;

export function value<T>(done: Done<T>): T {
  if (!done.ok) throw new Error(done.problem.detail);
  return done.value;
}

export class Bulk {
  readonly round = new Round();
  rung: Bell[] = [];
  readonly reminded: number[] = [];
  /** What the operator and the runner share. */
  #d1 = openD1(this.round.counted.database);
  #ids = 0;

  /** From here on another isolate works, which remembers nothing. */
  restart(database = bindings.DB): void {
    this.#d1 = openD1(database);
  }

  get operator() {
    const { jobs, ended, ...shared } = this.#shared;
    const deps = {
      ...shared,
      tables: { jobs, ended },
      config: { sources: new Map(["acme", "other"].map((one) => [one, one])), destinations: this.round.destinations },
      use: openUse({
        config: { plan: "free" },
        now: () => this.round.clock,
        log: this.round.log,
        feed: { use: async () => await Promise.resolve(new Map([["d1_rows_written", 99_980]])) },
        own: new Use(() => this.round.clock),
        backlogOfQueue: async () => await Promise.resolve({ backlogCount: 0, backlogBytes: 0 }),
      }),
      remind: async (at: number) => {
        this.reminded.push(at);
        await Promise.resolve();
      },
    };
    const acts = openReplayActs(deps);
    return {
      ...openReplayLooks(deps),
      start: (filter: ReplayFilter, rate: number, asker: By) => acts["replays.start"](null, asker, { filter, rate }),
      cancel: acts["replays.cancel"],
    };
  }

  get deps(): ReplaysDeps {
    return {
      ...this.#shared,
      config: { destinations: this.round.destinations },
      ring: async (bells) => {
        this.rung.push(...bells);
        await Promise.resolve();
      },
      retentionMs: 30 * DAY,
    };
  }

  get #shared() {
    const { round } = this;
    const { jobs, ended, erasures, store, parts } = this.#d1;
    const newId = () =>
      String((this.#ids += 1))
        .padStart(16, "0")
        .repeat(2);
    const intake = { holds: async () => await Promise.resolve(false) };
    const erasing = { erasures, store, parts, archive: null, intake };
    return { ...erasing, jobs, ended, now: () => round.clock, newId, log: round.log };
  }

  /** Takes the steps that are due, and gives the names of what they have opened. */
  async step(change: Partial<ReplaysDeps> = {}): Promise<string[]> {
    this.rung = [];
    await runReplays({ ...this.deps, ...change });
    return this.rung.map(({ delivery }) => delivery);
  }

  /** Takes step after step until the job has ended, and gives what each has opened. */
  async finish(job: ReplayJob): Promise<string[][]> {
    const steps: string[][] = [];
    for (let n = 0; n < 50; n += 1) {
      steps.push(await this.step());
      if ((await this.shown(job)).state !== "running") return steps;
      this.round.clock += STEP;
    }
    throw new Error("still running after 50 steps");
  }

  async start(filter: Partial<ReplayFilter> = {}, rate = 600, key: string | null = null): Promise<ReplayJob> {
    return value(await this.operator.start({ ...ALL, ...filter }, rate, by(key)));
  }

  async shown({ id }: ReplayJob): Promise<ReplayJob> {
    return value(await this.operator.show(id));
  }

  /** An event whose deliveries have ended, a second before now. */
  async ended(
    n: number,
    state: "failed" | "delivered" = "failed",
    to: readonly string[] = ["first"],
    change: Partial<Event> = {},
  ): Promise<void> {
    await this.round.accept(n, to, { receivedAt: this.round.clock, ...change });
    await rows(
      `UPDATE deliveries SET state = ?2, reason = iif(?2 = 'failed', 'exhausted', NULL), attempt = 1, look_at = NULL, status = 200,
         started_at = ?3, latency_ms = 3, excerpt = 'thanks', ended_at = ?3
       WHERE event = (SELECT seq FROM events WHERE id = ?1)`,
      idOf(n),
      state,
      this.round.clock - 1000,
    );
  }

  async audited(): Promise<Record<string, unknown>[]> {
    return await rows("SELECT actor, action, target, detail FROM audit ORDER BY seq");
  }
}

/** Whether this call is the one that opens deliveries and moves the job. */
export const isMove = (sql: readonly string[]): boolean => sql.some((one) => one.startsWith("\nUPDATE replays"));
