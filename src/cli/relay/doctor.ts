// hookline health, doctor and test: is the relay well, what is wrong with it, and what fixes each thing?
import * as z from "zod";
import type { AlertAnswer } from "../../contract/alerts.ts";
import type { Overview, SourceAnswer } from "../../contract/overview.ts";
import { use as useAnswer } from "../../contract/use.ts";
import { sizeInWords } from "../../dashboard/words/use.ts";
import { paint } from "../columns.ts";
import { ONCE } from "../options.ts";
import { plain, table } from "../table.ts";
import type { Terminal } from "../verb.ts";
import { address, answered, type Client, Fault, remote } from "./client.ts";
import { patiently } from "../waiting.ts";

/** What `/health` tells whoever has a key, as far as it is shown here. */
const healthAnswer = z.looseObject({
  status: z.string(),
  missing: z.array(z.string()),
  findings: z.array(z.object({ key: z.string(), level: z.enum(["error", "warning"]), says: z.string() })).default([]),
  intake: z
    .looseObject({ waiting: z.number(), stuck: z.number(), unreachable: z.array(z.string()).default([]) })
    .nullable()
    .default(null),
  use: z.looseObject({ database: z.optional(useAnswer.shape.database) }).optional(),
});
type Health = z.output<typeof healthAnswer>;

/** @throws Fault where nobody answers, or not as a relay does */
async function healthOf(terminal: Terminal): Promise<{ readonly accepts: boolean; readonly body: Health }> {
  const { url, key } = address();
  const asking = fetch(new URL("/health", url), { headers: { authorization: `Bearer ${key}` } });
  const response = await patiently(url, terminal, asking).catch(() => null);
  if (response === null)
    throw new Fault(`the relay cannot be reached: is ${url.origin} its address, and is it running?`);
  const body = healthAnswer.safeParse(await response.json().catch(() => null));
  if (!body.success) throw new Fault(`${url.origin} answered ${response.status}, and not as a Hookline relay does`);
  if (body.data.intake === null && response.ok)
    throw new Fault("the relay refuses this HOOKLINE_KEY: it may have expired or been revoked");
  return { accepts: response.ok, body: body.data };
}

const health = remote(
  {
    summary: "checks whether the relay accepts events, for monitors",
    usage: "health",
    help: "Ends with 1 unless the relay accepts events and the configuration is complete.",
    options: {},
    examples: ["health", "health --json"],
    names: 0,
  },
  async (_, { json }, terminal) => {
    const { out, err } = terminal;
    const { accepts, body } = await healthOf(terminal);
    const ok = accepts && body.status === "ok";
    if (json) out(JSON.stringify({ ok, accepts, ...body }));
    else {
      const { waiting = 0, stuck = 0 } = body.intake ?? {};
      out(
        `${body.status}: events are ${accepts ? "accepted" : "not accepted"}, ${waiting} wait in the journal, ${stuck} are stuck there`,
      );
      const database = body.use?.database ?? null;
      if (database !== null) out(sizeInWords(database));
      if (!ok) err("for the problems and their fixes: hookline doctor");
    }
    return ok ? 0 : 1;
  },
);

/** One thing that is wrong. */
interface Finding {
  readonly level: "error" | "warning";
  readonly says: string;
  /** What to do about it. */
  readonly fix: string;
}

const doctor = remote(
  {
    summary: "finds problems of a running relay, each with its fix",
    usage: "doctor",
    help: "Checks health, configuration, sources, waiting deliveries and open alerts. Ends with 1 if it finds an error.",
    options: {},
    examples: ["doctor", "doctor --json"],
    names: 0,
  },
  async (client, { json }, terminal) => {
    const { out } = terminal;
    const findings = await examine(client, terminal);
    const errors = findings.filter(({ level }) => level === "error").length;
    if (json) out(JSON.stringify({ ok: errors === 0, findings }));
    else {
      for (const { level, says, fix } of findings) {
        out(`${level === "error" ? paint("red", "error") : paint("yellow", "warning")}: ${plain(says)}`);
        out(`  fix: ${plain(fix)}`);
      }
      out(findings.length === 0 ? "nothing is wrong" : `${errors} errors, ${findings.length - errors} warnings`);
    }
    return errors === 0 ? 0 : 1;
  },
);

async function examine(client: Client, terminal: Terminal): Promise<Finding[]> {
  const { accepts, body } = await healthOf(terminal);
  const [overview, sources, alerts] = await Promise.all([
    answered(client.overview.$get({ query: {} })),
    answered(client.sources.$get()),
    answered(client.alerts.$get({ query: { state: "open" } })),
  ]);
  return [
    ...(accepts ? [] : [NOT_ACCEPTING]),
    ...ofHealth(body),
    ...sources.sources.flatMap(ofSource),
    ...ofBacklog(overview),
    ...alerts.alerts.map(ofAlert),
    ...(alerts.routed ? [] : [UNTOLD]),
  ];
}

const NOT_ACCEPTING: Finding = {
  level: "error",
  says: "events are not accepted: senders are answered 503",
  fix: "see the log (npx wrangler tail); docs/operations.md has what each of its lines means",
};
const UNTOLD: Finding = {
  level: "warning",
  says: "nobody is told of alerts: no route leads from hookline",
  fix: "add a route from the source hookline to a destination: docs/alerts.md",
};

function ofHealth({ missing, findings, intake }: Health): Finding[] {
  return [
    ...missing.map((name): Finding => ({
      level: "error",
      says: `${name} is not set`,
      fix: `npx wrangler secret put ${name}`,
    })),
    ...findings.map(({ key, level, says }): Finding => ({
      level,
      says: `${key} ${says}`,
      fix: `correct ${key} in wrangler.toml, then: npx hookline check && npx wrangler deploy`,
    })),
    ...(intake?.unreachable ?? []).map((name): Finding => ({
      level: "error",
      says: `the Intake object ${name} cannot be reached`,
      fix: "its sources are answered 503 until it can: see https://www.cloudflarestatus.com",
    })),
    ...((intake?.stuck ?? 0) > 0
      ? [
          {
            level: "error",
            says: `${intake?.stuck} journal rows are stuck: D1 refuses them`,
            fix: "the log says why (journal.stuck); they are kept and tried again",
          } satisfies Finding,
        ]
      : []),
  ];
}

function ofSource({ name, state, why, last_refusal: refused, last_event_at: last }: SourceAnswer): Finding[] {
  if (state !== "ready")
    return [
      {
        level: "error",
        says: `source ${name} refuses everything: ${why ?? state}`,
        fix: "correct it in wrangler.toml, or set its secret with npx wrangler secret put",
      },
    ];
  if (refused === null || (last !== null && last > refused.at)) return [];
  return [
    {
      level: "warning",
      says: `source ${name} has refused since its last event, most recently at ${refused.at}`,
      fix: refused.advice,
    },
  ];
}

function ofBacklog({ backlog, use }: Overview): Finding[] {
  const found: (Finding | false)[] = [
    backlog.replayable > 0 && {
      level: "warning",
      says: `${backlog.replayable} deliveries have failed and can be replayed`,
      fix: "hookline deliveries --state failed, then hookline replays start --state failed",
    },
    backlog.unrouted > 0 && {
      level: "warning",
      says: `${backlog.unrouted} events went nowhere`,
      fix: "hookline events --unrouted; hookline routes --try EVENT says why",
    },
    backlog.undecided > 0 && {
      level: "warning",
      says: `${backlog.undecided} events had a route that could not decide`,
      fix: "hookline events --undecided",
    },
  ];
  const reached = use.reached.map(({ name, says }): Finding => ({
    level: "error",
    says: `the limit of ${name} is reached`,
    fix: says,
  }));
  return [...found.filter((one) => one !== false), ...reached];
}

function ofAlert({ severity, title, since, fix }: AlertAnswer): Finding {
  return {
    level: severity === "critical" ? "error" : "warning",
    says: `${title}, since ${since}`,
    fix: `${fix.says}: ${fix.command}`,
  };
}

const test = remote(
  {
    summary: "sends a test event to a destination, at once",
    usage: "test DESTINATION [--once NAME]",
    help: "Sends a signed event of the type hookline.test and prints the answer. Nothing is stored. Ends with 1 unless the destination accepts it.",
    options: ONCE,
    examples: ["test billing"],
    names: 1,
  },
  async (client, { names: [name = ""], json }, { out }) => {
    const answer = await answered(client.destinations[":name"].test.$post({ param: { name } }));
    if (json) out(JSON.stringify(answer));
    else {
      const { outcome, status, fault, latency_ms: ms, answer: said } = answer;
      for (const line of table(
        ["destination", "outcome", "status", "fault", "ms"],
        [[name, outcome, status, fault, ms]],
        "",
      ))
        out(line);
      if (said !== null && said !== "") out(plain(said));
    }
    return answer.outcome === "delivered" ? 0 : 1;
  },
);

export const verbs = { health, doctor, test };
