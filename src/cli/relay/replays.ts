// hookline replays: many deliveries opened again by one order, with its progress.
import { setTimeout as sleep } from "node:timers/promises";
import type { ReplayJob } from "../../contract/operations.ts";
import { answered, type Client, given, ONCE, ONCE_HELP, remote } from "./client.ts";
import { table } from "../table.ts";
import type { Asked, Terminal } from "../verb.ts";

const FILTER = ["source", "type", "destination", "state", "since", "until"] as const;
/** How often a job is looked at while it is followed, in ms. */
const LOOK_MS = 1_000;

const HELP = [
  "Without more, lists the last bulk replays.",
  "  preview       how many deliveries the filter names: --source, --type, --destination, --state failed|delivered,",
  "                --since TIME, --until TIME",
  "  start         opens them again, --rate N a minute (600 unless said otherwise)",
  "  show ID       how far one has come",
  "  cancel ID     stops one; what it has opened stays open",
  "  --follow      with start and show: goes on until it has ended",
  ONCE_HELP,
].join("\n");

export const replays = remote(
  {
    usage: "replays [preview | start | show ID | cancel ID] [FILTER] [--rate N] [--follow]",
    help: HELP,
    options: {
      ...ONCE,
      ...Object.fromEntries(FILTER.map((name) => [name, { type: "string" } as const])),
      rate: { type: "string", default: "600" },
      follow: { type: "boolean", default: false },
    },
    names: 0,
    optional: 2,
  },
  async (client, asked, terminal) => {
    const { names, json, options } = asked;
    const [action = "list", id = ""] = names;
    const { out, err } = terminal;
    switch (action) {
      case "list": {
        const answer = await answered(client.replays.$get());
        if (json) out(JSON.stringify(answer));
        else for (const line of listed(answer.replays)) out(line);
        return 0;
      }
      case "preview": {
        const answer = await answered(client.replays.preview.$get({ query: filterOf(asked) }));
        const more = answer.complete ? "" : ` back to ${answer.looked_back_to ?? "?"}, and there may be more`;
        out(json ? JSON.stringify(answer) : `${answer.matching} deliveries${more}`);
        return 0;
      }
      case "start": {
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
        err(`there is no ${JSON.stringify(action)}: hookline replays [preview | start | show ID | cancel ID]`);
        return 2;
    }
  },
);

function filterOf(asked: Asked) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay names the states in its refusal
  return given(asked, ...FILTER) as Omit<ReturnType<typeof given<(typeof FILTER)[number]>>, "state">;
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

function progressOf({ id, state, replayed, expected, expected_complete: counted }: ReplayJob): string {
  return `${id}  ${state}  ${replayed} of ${expected}${counted ? "" : " or more"}`;
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
