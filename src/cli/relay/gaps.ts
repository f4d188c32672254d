// hookline gaps: lists missing events that senders were asked for, and asking them now.
import { setTimeout as sleep } from "node:timers/promises";
import type { SourceAnswer } from "../../contract/overview.ts";
import { span } from "../../dashboard/words/words.ts";
import { flag, ONCE, taking } from "../options.ts";
import { plain, table } from "../table.ts";
import { refused } from "../verb.ts";
import { answered, type Client, remote } from "./client.ts";

/** How long a look is waited for, and how often it is asked about, in ms. */
const PATIENCE_MS = 90_000;
const EVERY_MS = 1_000;

const gaps = remote(
  {
    summary: "lists missing events that senders were asked for",
    usage: "gaps [--source S] [--now] [--once NAME]",
    help: "The last check of each sender whose API lists its deliveries, and what it found. With --now, starts a check.",
    options: {
      source: taking("S", "only this source"),
      now: flag("check now, and wait for the result"),
      ...ONCE,
    },
    examples: ["gaps", "gaps --source github --now"],
    names: 0,
  },
  async (client, { options, json }, terminal) => {
    const { out, err } = terminal;
    const name = typeof options["source"] === "string" ? options["source"] : null;
    const before = await asking(client, name);
    if (before.length === 0) {
      const why =
        name === null ? "no source has gaps: docs/gaps.md says how to set them" : `${name} has no gaps: docs/gaps.md`;
      return refused(why, { json }, terminal);
    }
    if (options["now"] === true)
      for (const { name: source } of before) {
        const { asked } = await answered(client.sources[":name"].gaps.$post({ param: { name: source } }));
        if (asked) {
          if (!json) err(`${source}: checking, and waiting for the result`);
          await looked(client, before, source);
        } else err(`${source}: not checked, because a check ended less than two minutes ago, or is running`);
      }
    const found = await asking(client, name);
    if (json) {
      out(JSON.stringify({ gaps: found.map(({ name: source, gaps: of }) => ({ source, ...of })) }));
      return 0;
    }
    const lines = found.map(({ name: source, gaps: { every_ms: every, looked_at: at, next_look_at: next, last } }) => [
      source,
      span(every),
      at,
      next,
      last === null ? null : `${last.missed} (${last.recovered} recovered) at ${last.at}`,
    ]);
    for (const line of table(["source", "every", "looked", "next", "never came"], lines, "")) out(line);
    for (const {
      name: source,
      gaps: { fault },
    } of found)
      if (fault !== null) err(`${source}: ${plain(fault)}`);
    return found.some(({ gaps: { fault } }) => fault !== null) ? 1 : 0;
  },
);

interface Asking {
  readonly name: string;
  readonly gaps: NonNullable<SourceAnswer["gaps"]>;
}

async function asking(client: Client, only: string | null): Promise<Asking[]> {
  const { sources } = await answered(client.sources.$get());
  return sources.flatMap(({ name, gaps: of }) =>
    of === undefined || (only !== null && only !== name) ? [] : [{ name, gaps: of }],
  );
}

/** Resolves once the look was taken, or has not been for too long: the table then says when the last one was. */
async function looked(client: Client, before: readonly Asking[], source: string): Promise<void> {
  const last = before.find(({ name }) => name === source)?.gaps.looked_at;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(EVERY_MS)) {
    const [one] = await asking(client, source);
    if (one === undefined || one.gaps.looked_at !== last) return;
  }
}

export const verbs = { gaps };
