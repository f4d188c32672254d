// hookline export: the history as lines of JSON, to be kept, searched elsewhere, or imported into another relay.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { NEXT } from "../../contract/export.ts";
import { flag, NARROWED, taking } from "../options.ts";
import type { Asked, Terminal } from "../verb.ts";
import { type Client, Fault, given, heard, remote } from "./client.ts";
import { cursorOf, isWhole, linesOf, openProgress, reopened, sizeInWords } from "./ndjson.ts";
import { messageOf } from "../waiting.ts";

/** After a connection that broke, in ms; then it is given up. */
const PAUSES_MS = [500, 2_000, 5_000, 15_000, 30_000];

const verb = remote(
  {
    summary: "writes the history as lines of JSON",
    usage:
      "export [--source S] [--type T] [--since TIME] [--until TIME] [--archived] [--resume FILE | --cursor C] [--relay URL] > FILE",
    help: "Writes a line of JSON for each event, oldest first: headers, body, deliveries and every attempt (docs/moving.md). Needs the role operator. After an interruption, --resume FILE removes an unfinished line and continues after the last one.",
    options: {
      ...NARROWED,
      archived: flag("then the events of the archive, newest first"),
      resume: taking("FILE", "continues where FILE ends, and writes to it; creates FILE if it does not exist"),
      cursor: taking("C", "continues after the line with this cursor"),
      relay: taking("URL", "instead of HOOKLINE_URL"),
    },
    examples: [
      "export > events.ndjson",
      "export --source stripe --since 2026-03-01 > stripe.ndjson",
      "export --archived --resume events.ndjson",
    ],
    json: "how much it was, as a line of JSON on standard error: what is exported is JSON anyway",
    names: 0,
  },
  async (client, asked, terminal) => {
    const target = await targetOf(asked);
    const done = { events: 0, bytes: 0, cursor: target.cursor };
    const progress = openProgress(terminal.err, () => `${done.events} events, ${sizeInWords(done.bytes)} so far`);
    try {
      await walk(client, asked, terminal, done, target.write);
    } finally {
      progress.stop();
      await target.end();
    }
    if (asked.json) terminal.err(JSON.stringify(done));
    else terminal.err(`exported ${done.events} events, ${sizeInWords(done.bytes)}`);
    return 0;
  },
);

interface Target {
  readonly cursor: string | null;
  readonly write: (line: Buffer) => Promise<void>;
  readonly end: () => Promise<void>;
}

async function targetOf(asked: Asked): Promise<Target> {
  const { resume, cursor } = asked.options;
  if (typeof resume === "string" && typeof cursor === "string")
    throw new Fault("--resume FILE continues after the last line of FILE: leave out --cursor");
  if (typeof resume !== "string") {
    return {
      cursor: typeof cursor === "string" ? cursor : null,
      write: async (line) => {
        if (!process.stdout.write(line)) await once(process.stdout, "drain");
      },
      end: async () => {},
    };
  }
  const { file, cursor: last } = await reopened(resume).catch((error: unknown) => {
    throw new Fault(`${resume} cannot be written to: ${messageOf(error)}`);
  });
  return {
    cursor: last,
    write: async (line) => await file.appendFile(line),
    end: async () => await file.close(),
  };
}

/** Page after page, and the same page again behind its last whole line where the connection breaks. */
async function walk(
  client: Client,
  asked: Asked,
  terminal: Terminal,
  done: { events: number; bytes: number; cursor: string | null },
  write: Target["write"],
): Promise<void> {
  const query = {
    ...given(asked, "source", "type", "since", "until"),
    ...(asked.options["archived"] === true ? { archived: "true" } : {}),
  };
  let next: string | null = done.cursor;
  for (let failures = 0; ;) {
    const page = next;
    try {
      const asking = client.export.$get({ query: page === null ? query : { ...query, cursor: page } });
      const response = failures === 0 ? await heard(asking) : await asking;
      if (!response.ok) throw new Error(`the relay answered ${response.status}`);
      if (response.body === null) throw new Error("the relay answered nothing");
      for await (const line of linesOf(response.body)) {
        if (!isWhole(line)) throw new Error("the answer ended within a line");
        await write(line);
        done.events += 1;
        done.bytes += line.length;
        next = done.cursor = cursorOf(line) ?? next;
        failures = 0;
      }
      next = response.headers.get(NEXT);
      if (next === null) return;
      failures = 0;
    } catch (error) {
      const pause = PAUSES_MS[failures];
      if (pause === undefined || error instanceof Fault) throw broken(error, done.cursor);
      failures += 1;
      terminal.err(`the connection broke off; trying again in ${pause / 1_000} s`);
      await sleep(pause);
    }
  }
}

function broken(error: unknown, cursor: string | null): Fault {
  const why = messageOf(error);
  return new Fault(cursor === null ? why : `${why}\nGo on with --resume FILE, or --cursor ${cursor}`);
}

export const verbs = { export: verb };
