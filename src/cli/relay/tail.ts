// hookline tail: what happens at a relay, as it happens, until somebody ends it.
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { type News, news } from "../../contract/overview.ts";
import { parseJson } from "../../bytes/json.ts";
import { paint } from "../columns.ts";
import { flag, taking } from "../options.ts";
import { plain } from "../table.ts";
import type { Asked, Terminal } from "../verb.ts";
import { address, answered, Fault, remote } from "./client.ts";

/** How often it says that it is there, in ms: the relay closes what is silent for two minutes. */
const PING_MS = 30_000;
/** Between two tries to connect, in ms. */
const PAUSES_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000];

const tail = remote(
  {
    summary: "prints events, attempts and refusals as they happen",
    usage: "tail [--source S] [--type T] [--destination D] [--failed]",
    help: "A line for each event, attempt and refusal, as it happens. It connects again after a sleep or a deploy, and says from when on lines may be missing. Ctrl-C ends it.",
    options: {
      source: taking("S", "events and refusals of this source"),
      type: taking("T", "events whose type begins with this"),
      destination: taking("D", "attempts to this destination"),
      failed: flag("only refusals, and attempts that did not succeed"),
    },
    json: "a line of JSON for each",
    examples: ["tail", "tail --source stripe --type invoice", "tail --failed --json"],
    names: 0,
  },
  async (client, asked, terminal) => {
    // Whether the key is taken is asked first: a socket only says that it was closed.
    const { sources, destinations } = await answered(client.overview.$get({ query: {} }));
    // Nothing would ever come of a name that is not there.
    hold(asked.options["source"], "source", sources);
    hold(asked.options["destination"], "destination", destinations);
    for (let tries = 0; ; tries += 1) {
      const since = new Date().toISOString();
      const wasOpen = await follow(asked, terminal, () => void (tries = 0));
      const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] ?? 0;
      terminal.err(
        wasOpen
          ? `the connection has ended; connecting again. What is missed meanwhile: hookline events --since ${since}`
          : `the relay cannot be reached; trying again in ${pause / 1000} s`,
      );
      await sleep(pause);
    }
  },
);

function hold(name: unknown, what: string, all: readonly { readonly name: string }[]): void {
  if (typeof name !== "string" || all.some((one) => one.name === name)) return;
  const has = all.map((one) => one.name).join(", ");
  throw new Fault(`there is no ${what} ${JSON.stringify(name)}: the relay has ${has === "" ? "none" : has}`);
}

/** One connection, until it ends. */
async function follow(asked: Asked, { out, err }: Terminal, opened: () => void): Promise<boolean> {
  const { url, key } = address();
  const live = new URL("api/live", url);
  live.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  // Node's own WebSocket takes headers; the type, which is the browser's, does not know.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const socket = new WebSocket(live, { headers: { authorization: `Bearer ${key}` } } as unknown as string[]);
  const ping = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send("ping"), PING_MS);
  let isOpen = false;
  try {
    return await new Promise((resolve) => {
      socket.addEventListener("open", () => {
        isOpen = true;
        opened();
        err("connected");
      });
      socket.addEventListener("message", ({ data }) => {
        for (const one of read(data)) if (isWanted(one, asked)) out(asked.json ? JSON.stringify(one) : inALine(one));
      });
      socket.addEventListener("close", () => resolve(isOpen));
    });
  } finally {
    clearInterval(ping);
  }
}

const messages = z.array(z.unknown());

/** What this build knows of a message; a newer relay may say more. */
function read(data: unknown): News[] {
  if (typeof data !== "string" || data === "pong") return [];
  const all = messages.safeParse(parseJson(data));
  return (all.data ?? []).flatMap((one) => {
    const known = news.safeParse(one);
    return known.success ? [known.data] : [];
  });
}

function isWanted(one: News, { options: { source, type, destination, failed } }: Asked): boolean {
  if (one.kind === "skipped") return true;
  if (failed === true && (one.kind === "event" || (one.kind === "delivery" && one.state === "delivered"))) return false;
  const ofSource = one.kind === "delivery" ? undefined : one.source;
  if (typeof source === "string" && ofSource !== undefined && ofSource !== source) return false;
  if (typeof type === "string" && one.kind === "event" && !one.type.startsWith(type)) return false;
  return typeof destination !== "string" || one.kind !== "delivery" || one.destination === destination;
}

function inALine(one: News): string {
  switch (one.kind) {
    case "event":
      return `${one.received_at}  ${one.id}  ${paint("bold", plain(`${one.source} ${one.type}`))}  ${one.size} bytes`;
    case "delivery": {
      const state = one.state === "delivered" ? paint("green", one.state) : paint("red", one.state);
      const how = one.status ?? one.fault ?? "";
      return `${new Date().toISOString()}  ${plain(one.id)}  ${state}  attempt ${one.attempt}  ${how}  ${one.latency_ms} ms`;
    }
    case "refusal":
      return `${one.at}  ${paint("yellow", "refused")}  ${plain(`${one.source} ${one.reason}`)}  ${one.status}`;
    case "skipped":
      return `and ${one.count} more, too many to be told one by one`;
  }
  return one satisfies never;
}

export const verbs = { tail };
