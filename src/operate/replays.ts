// Bulk replays, as an operator sees them: what one would open, its start, its progress, its end.
// The steps are taken in replays.ts.
import * as z from "zod/mini";
import { OWN_NAME } from "../contract/alerts.ts";
import { RATE, type ReplayFilter, type ReplayJob, type ReplayPreview, replayState } from "../contract/operations.ts";
import type { Ended, EndedFilter } from "../d1/ended.ts";
import type { Job, Jobs } from "../d1/replays.ts";
import type { Use } from "../contract/use.ts";
import { receiptId } from "../ids.ts";
import type { Acts, Done, ReplayLooks, VerbDeps } from "./operator.ts";
import { name, time } from "../contract/question.ts";
import { forecastOf } from "./forecast.ts";
import { askedAs } from "./once.ts";
import { iso } from "../time.ts";
import { badRequest, notFound, quoted, type Refused, reused } from "./refuse.ts";

type Named = ReadonlyMap<string, unknown>;

/** Beside the replays, what today has used of the plan. */
export interface PreviewDeps extends ReplaysDeps {
  readonly use: () => Promise<Use>;
}

export interface ReplaysDeps extends Pick<VerbDeps, "remind" | "now" | "newId" | "log"> {
  readonly tables: { readonly jobs: Jobs; readonly ended: Pick<Ended, "count"> };
  /** By name: of what is configured only the names are looked at. */
  readonly config: { readonly sources: Named; readonly destinations: Named };
}

const FASTEST = RATE.most;
const rateError = `must be a whole number of deliveries a minute, from ${RATE.least} to ${FASTEST}`;

const wantedFilter = z
  .strictObject({
    source: name,
    type: name,
    destination: name,
    state: z.pipe(
      replayState,
      z.transform((state) => (state === "both" ? null : state)),
    ),
    since: time,
    until: time,
  })
  .check(
    z.refine(({ since, until }) => since === null || until === null || since < until, {
      path: ["since"],
      message: 'must be before "until"',
    }),
  );
const wanted = z.object({
  filter: wantedFilter,
  rate: z
    .number({ error: rateError })
    .check(z.refine((rate) => Number.isInteger(rate) && rate >= 1 && rate <= FASTEST, rateError)),
});

/** Bulk replays, as they may be looked at. */
export function openReplayLooks({ tables, config, now, use }: PreviewDeps): ReplayLooks {
  const { jobs, ended } = tables;
  return {
    async preview(filter, rate = RATE.usual) {
      const asked = ask({ filter, rate }, config);
      if (!asked.ok) return asked;
      const [{ matching, complete, lookedBackTo }, { plan, meters }] = await Promise.all([
        ended.count(asked.value.filter, [...config.destinations.keys()], now()),
        use(),
      ]);
      const wish = { deliveries: matching, rate, delivered: asked.value.filter.state !== "failed" };
      const value: ReplayPreview = {
        filter: toAnswer(asked.value.filter),
        matching,
        complete,
        looked_back_to: iso(lookedBackTo),
        forecast: forecastOf(wish, plan, meters, now()),
      };
      return { ok: true, value };
    },

    async list() {
      return (await jobs.newest()).map(answerOf);
    },

    async show(id) {
      const job = await jobs.one(id);
      return job === null ? noJob(id) : found(job);
    },
  };
}

/** How they are begun, deliveries a minute from 1 to 6,000, and ended. */
export function openReplayActs(deps: ReplaysDeps): Pick<Acts, "replays.start" | "replays.cancel"> {
  const { config, remind, now, newId, log } = deps;
  const { jobs, ended } = deps.tables;
  return {
    async "replays.start"(_, by, { filter, rate }) {
      const asked = ask({ filter, rate }, config);
      if (!asked.ok) return asked;
      const counted = await ended.count(asked.value.filter, [...config.destinations.keys()], now());
      const createdAt = now();
      const { actor } = by.caller;
      const id = `rpl_${receiptId(createdAt, newId())}`;
      const { matching: expected, complete: expectedComplete } = counted;
      const wish = { ...asked.value, id, actor, expected, expectedComplete, createdAt };
      const job = await jobs.create(wish, await askedAs("replays.start", "", by));
      if (job === null)
        return notFound(
          "the job that this Idempotency-Key has started is older than the retention: ask with another key",
        );
      if (!isSame(job, wish)) return reused();
      log.info("replays.asked", { job: job.id, actor, filter: job.filter, rate: job.rate, expected: job.expected });
      if (job.nextAt !== null) await remind(job.nextAt);
      return found(job);
    },

    async "replays.cancel"(id, { caller }) {
      const job = await jobs.cancel(id, caller.actor, now());
      if (job === null) return noJob(id);
      log.info("replays.cancel_asked", { job: id, state: job.state, replayed: job.replayed });
      return found(job);
    },
  };
}

function ask(
  input: { filter: z.input<typeof wantedFilter>; rate: number },
  { sources, destinations }: ReplaysDeps["config"],
) {
  const parsed = wanted.safeParse(input);
  if (!parsed.success)
    return badRequest(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
  const { source, destination } = parsed.data.filter;
  if (source !== null && source !== OWN_NAME && !sources.has(source)) return notConfigured("source", source, sources);
  if (destination !== null && !destinations.has(destination))
    return notConfigured("destination", destination, destinations);
  return { ok: true as const, value: parsed.data };
}

function notConfigured(kind: "source" | "destination", given: string, known: Named): Refused {
  const names = [...known.keys()].map((one) => quoted(one)).join(", ");
  const table = `[vars.${kind.toUpperCase()}S]`;
  return badRequest(
    `filter.${kind}: the configuration has no ${kind} ${quoted(given)}: take one of ${names}, or put it back under ${table} and deploy`,
  );
}

/** Whether two ask for the same; the Idempotency-Key of one may have been used for the other. */
function isSame(one: Pick<Job, "filter" | "rate">, other: Pick<Job, "filter" | "rate">): boolean {
  return one.rate === other.rate && JSON.stringify(toAnswer(one.filter)) === JSON.stringify(toAnswer(other.filter));
}

function noJob(id: string): Refused {
  return notFound(`there is no bulk replay ${quoted(id)}: GET /api/replays lists them`);
}

function found(job: Job): Done<ReplayJob> {
  return { ok: true, value: answerOf(job) };
}

function answerOf(job: Job): ReplayJob {
  const { id, state, actor, rate, expected, replayed, skipped } = job;
  return {
    id,
    state,
    filter: toAnswer(job.filter),
    actor,
    rate,
    expected,
    expected_complete: job.expectedComplete,
    replayed,
    skipped,
    looked_back_to: iso(job.lookedBackTo),
    created_at: iso(job.createdAt),
    updated_at: iso(job.updatedAt),
    ended_at: iso(job.endedAt),
  };
}

function toAnswer({ state, since, until, ...filter }: EndedFilter): ReplayFilter {
  return { ...filter, state: state ?? "both", since: iso(since), until: iso(until) };
}
