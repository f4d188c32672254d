// hookline erasures, and what hookline delete --where does: everything about a subject, counted, confirmed and deleted.
import { setTimeout as sleep } from "node:timers/promises";
import type { ErasureAnswer } from "../../contract/erasures.ts";
import { counted, erasureInWords } from "../../dashboard/words/erasures.ts";
import { flag, ONCE } from "../options.ts";
import { table } from "../table.ts";
import { type Asked, Misused, refused, type Terminal } from "../verb.ts";
import { answered, type Client, remote } from "./client.ts";

/** How often an order is looked at while it is followed, in ms. */
const LOOK_MS = 1_000;

const erasures = remote(
  {
    summary: "lists deletions of all events of a subject",
    usage: "erasures [show ID | confirm ID | cancel ID] [--follow]",
    help: "Without arguments, lists the last deletions that hookline delete --where has ordered. confirm deletes the counted events; cancel stops a deletion, and what it has deleted stays deleted. Needs the role admin.",
    options: { follow: flag("with show and confirm: prints progress until it needs you, or has ended"), ...ONCE },
    examples: ["erasures", "erasures show era_0123456789abcdef --follow", "erasures cancel era_0123456789abcdef"],
    names: 0,
    optional: 2,
  },
  async (client, asked, { out, err }) => {
    const [word = "list", id = ""] = asked.names;
    const one = client.erasures[":id"];
    const print = (job: ErasureAnswer) => out(asked.json ? JSON.stringify(job) : progressOf(job));
    const end = async (job: ErasureAnswer) =>
      asked.options["follow"] === true ? await follow(client, job, asked, err) : job;
    switch (word) {
      case "list": {
        const answer = await answered(client.erasures.$get());
        if (asked.json) out(JSON.stringify(answer));
        else for (const line of listed(answer.erasures)) out(line);
        return 0;
      }
      case "show":
        print(await end(await answered(one.$get({ param: { id } }))));
        return 0;
      case "confirm":
        print(await end(await answered(one.confirm.$post({ param: { id } }))));
        return 0;
      case "cancel":
        print(await answered(one.cancel.$post({ param: { id } })));
        return 0;
      default:
        throw new Misused(`there is no ${JSON.stringify(word)}: hookline erasures [show ID | confirm ID | cancel ID]`);
    }
  },
);

/** Counts, asks whoever sits there, and deletes. */
export async function deleteSubject(
  client: Client,
  order: { readonly source: string; readonly where: string },
  asked: Asked,
  terminal: Terminal,
): Promise<number> {
  const { options, json } = asked;
  const { out, err, ask } = terminal;
  const job = await follow(client, await answered(client.erasures.$post({ json: order })), asked, err);
  const one = client.erasures[":id"];
  const param = { id: job.id };
  if (!json && job.unreadable > 0) err(unjudged(job));
  if (job.state === "counted" && job.matched === 0) {
    const ended = await answered(one.cancel.$post({ param }));
    out(json ? JSON.stringify(ended) : "no event has this value there");
    return 0;
  }
  if (job.state === "counted" && options["yes"] !== true) {
    const what = `Delete ${counted(job)} permanently and everywhere, with what was made from them by hand?`;
    const said = ask === undefined || json ? null : await ask(`${what} [y/N] `);
    if (said === null || !/^y(?:es)?$/i.test(said.trim())) {
      const how = `${counted(job)} would be deleted. Confirm it with hookline erasures confirm ${job.id}`;
      return refused(
        `nothing was deleted${said === null ? `: ${how}, or repeat the command with --yes` : ""}`,
        { json },
        terminal,
      );
    }
  }
  const confirmed = job.state === "counted" ? await answered(one.confirm.$post({ param })) : job;
  const last = await follow(client, confirmed, asked, err);
  out(json ? JSON.stringify(last) : progressOf(last));
  return 0;
}

/** Tells how far it has come, until it waits for somebody or has ended. */
async function follow(
  client: Client,
  first: ErasureAnswer,
  { json }: Pick<Asked, "json">,
  err: Terminal["err"],
): Promise<ErasureAnswer> {
  let job = first;
  for (let told = ""; ["counting", "deleting", "rewriting"].includes(job.state);) {
    const now = progressOf(job);
    if (!json && now !== told) err(now);
    told = now;
    await sleep(LOOK_MS);
    job = await answered(client.erasures[":id"].$get({ param: { id: job.id } }));
  }
  return job;
}

function progressOf(job: ErasureAnswer): string {
  return `${job.id}  ${job.state}  ${erasureInWords(job)}`;
}

function unjudged({ unreadable }: ErasureAnswer): string {
  return `${unreadable} events could not be judged: their bodies are neither JSON nor a form, broken, or sealed under a key that is not there`;
}

function listed(jobs: readonly ErasureAnswer[]): string[] {
  return table(
    ["order", "state", "ordered", "by", "source", "place", "matched", "deleted"],
    jobs.map(({ id, state, created_at, actor, source, place, matched, deleted }) => [
      id,
      state,
      created_at,
      actor,
      source,
      place,
      matched,
      deleted,
    ]),
    "no orders yet",
  );
}

export const verbs = { erasures };
