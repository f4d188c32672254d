// hookline replays: many deliveries opened again by one order, with its progress.
import { setTimeout as sleep } from "node:timers/promises";
import {
  FILTER_FIELDS,
  REPLAYED_UNLESS_SAID,
  type ReplayFilter,
  type ReplayJob,
  type ReplayPreview,
} from "../../contract/operations.ts";
import { forecastInWords, passesInWords } from "../../dashboard/words/costs.ts";
import { answered, type Client, given, remote } from "./client.ts";
import { counting, flag, NARROWED, ONCE, taking } from "../options.ts";
import { table } from "../table.ts";
import { type Asked, Misused, refused, type Terminal, type VerbOption } from "../verb.ts";

/** How often a job is looked at while it is followed, in ms. */
const LOOK_MS = 1_000;

const HELP = [
  "Without arguments, lists the last bulk replays.",
  "  preview       the number of matching deliveries, and a forecast at this rate: time, rows, requests,",
  "                queue operations, dollars, and whether it exceeds a free quota today",
  "  start         opens them again, after you confirm the number",
  "  show ID       the progress of one",
  "  cancel ID     stops one; deliveries that it has opened stay open",
].join("\n");

/** An option for each field of the filter. */
const FILTER: Record<(typeof FILTER_FIELDS)[number], VerbOption> = {
  ...NARROWED,
  destination: taking("D", "to this destination"),
  state: taking("S", `failed, delivered or both; ${REPLAYED_UNLESS_SAID} unless said otherwise`),
};

const replays = remote(
  {
    summary: "replays many deliveries at once",
    usage: "replays [preview | start | show ID | cancel ID] [FILTER] [--rate N] [--dry-run] [--yes] [--follow]",
    help: HELP,
    options: {
      ...FILTER,
      rate: { ...counting("N", "with preview and start: deliveries a minute"), default: "600" },
      follow: flag("with start and show: prints progress until it has ended"),
      "dry-run": flag("with start: prints the preview, and starts nothing"),
      yes: flag("with start: does not ask for confirmation, for scripts"),
      ...ONCE,
    },
    examples: [
      "replays preview --destination billing --since 2026-03-01",
      "replays start --destination billing --rate 60 --dry-run",
      "replays start --destination billing --state failed --rate 60 --follow",
      "replays show rpl_0123456789abcdef0123456789abcdef --follow",
    ],
    names: 0,
    optional: 2,
  },
  async (client, asked, terminal) => {
    const { names, json, options } = asked;
    const [word = "list", id = ""] = names;
    const action = word === "start" && options["dry-run"] === true ? "preview" : word;
    const { out, err } = terminal;
    switch (action) {
      case "list": {
        const answer = await answered(client.replays.$get());
        if (json) out(JSON.stringify(answer));
        else for (const line of listed(answer.replays)) out(line);
        return 0;
      }
      case "preview": {
        const answer = await foretold(client, asked);
        for (const line of json ? [JSON.stringify(answer)] : [counted(answer), ...forecastLines(answer)]) out(line);
        return 0;
      }
      case "start": {
        if (options["yes"] !== true) {
          const why = await disagreed(client, asked, terminal);
          if (why !== null) {
            return refused(why, { json }, { out, err });
          }
        }
        const order = { filter: filterOf(asked), rate: Number(options["rate"]) };
        return await follow(client, await answered(client.replays.$post({ json: order })), asked, terminal);
      }
      case "show":
        return await follow(client, await answered(client.replays[":id"].$get({ param: { id } })), asked, terminal);
      case "cancel": {
        const job = await answered(client.replays[":id"].cancel.$post({ param: { id } }));
        out(json ? JSON.stringify(job) : progressOf(job));
        return 0;
      }
      default:
        throw new Misused(
          `there is no ${JSON.stringify(action)}: hookline replays [preview | start | show ID | cancel ID]`,
        );
    }
  },
);

function filterOf(asked: Asked) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay names the states in its refusal
  return given(asked, ...FILTER_FIELDS) as Omit<ReturnType<typeof given<(typeof FILTER_FIELDS)[number]>>, "state">;
}

/** What a job would open, and what it would use at the rate that was asked for. */
async function foretold(client: Client, asked: Asked): Promise<ReplayPreview> {
  const rate = given(asked, "rate");
  return await answered(client.replays.preview.$get({ query: { ...filterOf(asked), ...rate } }));
}

function forecastLines({ matching, forecast }: ReplayPreview): string[] {
  return matching === 0 ? [] : [`${forecastInWords(forecast)}.`, ...passesInWords(forecast).map((line) => `${line}.`)];
}

/** Asks whoever sits there whether so many are to be opened; `null` for a yes, or else why nothing was started. */
async function disagreed(client: Client, asked: Asked, { ask, err }: Terminal): Promise<string | null> {
  const preview = await foretold(client, asked);
  const found = counted(preview);
  if (!asked.json) for (const line of forecastLines(preview)) err(line);
  if (ask === undefined || asked.json)
    return `nothing was started: this would replay ${found}. Repeat the command with --yes to start it`;
  const answer = await ask(`Replay ${found}? [y/N] `);
  return /^y(?:es)?$/i.test(answer.trim()) ? null : "nothing was started";
}

const IN_WORDS: Readonly<Record<ReplayFilter["state"], string>> = {
  failed: "failed",
  delivered: "delivered",
  both: "failed or delivered",
};

/** `3 failed deliveries`, and how far the count goes where it stopped early. */
function counted({ matching, complete, looked_back_to: back, filter: { state } }: ReplayPreview): string {
  const more = complete ? "" : ` back to ${back ?? "?"}, and there may be more`;
  return `${matching} ${IN_WORDS[state]} ${matching === 1 ? "delivery" : "deliveries"}${more}`;
}

/** Tells how far a job has come, and with --follow until it has ended. */
async function follow(
  client: Client,
  first: ReplayJob,
  { options, json }: Asked,
  { out, err }: Terminal,
): Promise<number> {
  let job = first;
  for (let told = ""; options["follow"] === true && job.state === "running";) {
    const now = progressOf(job);
    if (now !== told) err(now);
    told = now;
    await sleep(LOOK_MS);
    job = await answered(client.replays[":id"].$get({ param: { id: job.id } }));
  }
  out(json ? JSON.stringify(job) : progressOf(job));
  if (!json && job.state === "running") err(`follow it: hookline replays show ${job.id} --follow`);
  return 0;
}

function progressOf({ id, state, replayed, expected, expected_complete: complete }: ReplayJob): string {
  return `${id}  ${state}  ${replayed} of ${expected}${complete ? "" : " or more"}`;
}

function listed(jobs: readonly ReplayJob[]): string[] {
  return table(
    ["replay", "state", "started", "by", "replayed", "expected", "a minute"],
    jobs.map(({ id, state, created_at, actor, replayed, expected, rate }) => [
      id,
      state,
      created_at,
      actor,
      replayed,
      expected,
      rate,
    ]),
    "no replays yet",
  );
}

export const verbs = { replays };
