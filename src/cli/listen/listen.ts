// hookline listen: deliveries of a tunnel to a server on this machine, until somebody ends it.
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientResponse } from "hono/client";
import { paint } from "../columns.ts";
import { flag, taking } from "../options.ts";
import { address, answered, type Client, Fault, heard, remote, unreachable } from "../relay/client.ts";
import { plain } from "../table.ts";
import { conditionOf } from "../../tunnel/wishes.ts";
import { type Asked, Misused, type Terminal } from "../verb.ts";
import { type Come, connection, type Hooks } from "./connection.ts";
import { Cursor } from "./cursor.ts";
import { postLocally, type Said } from "./post.ts";
import { patiently } from "../waiting.ts";

/** Between two tries to connect, in ms. */
const PAUSES_MS = [0, 500, 1_000, 2_000, 5_000, 10_000, 30_000];

const listen = remote(
  {
    summary: "forwards deliveries to a server on this machine",
    usage: "listen PORT [--source S] [--destination D] [--events PATTERN,…] [--when CEL] [--watch] [--as NAME]",
    help: "Posts the deliveries of a destination with tunnel = true to localhost:PORT, and answers them with its answers. While nobody listens, the relay holds them; the next listener gets them in order. It connects again after a sleep or a deploy, and prints what other listeners got in the meantime. On a terminal, r replays the last one. Needs the role operator. Ctrl-C ends it.",
    options: {
      source: taking("S", "only events of this source; selects its tunnel if it has one"),
      destination: taking("D", "which tunnel, if there are several"),
      events: taking("PATTERN,…", "only events of these types; * stands for anything"),
      when: taking(
        "CEL",
        "only events for which this condition is true; it reads the headers and the body that are sent",
      ),
      "forward-path": taking("PATH", "the local path; / by default"),
      print: flag("print each body"),
      watch: flag("only print what other listeners get and answer"),
      as: taking("NAME", "remember this listener, and print what others got since its last session"),
    },
    json: "a line of JSON for each delivery",
    examples: [
      "listen 3000 --source github",
      "listen 3000 --forward-path /webhooks --print",
      "listen 3000 --when 'body.amount > 100'",
      "listen 8080 --json",
      "listen 3000 --watch --as alice",
    ],
    names: 1,
  },
  async (client, asked, terminal) => {
    const port = Number(asked.names[0]);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new Misused(`${asked.names[0]} is no port. Write the one of your server: hookline listen 3000`);
    const { when } = asked.options;
    const read = typeof when === "string" ? conditionOf(when) : null;
    if (read?.ok === false) throw new Misused(`--when ${read.fault}`);
    const destination = await tunnelFor(client, asked);
    const { url, key } = address();
    const way = new URL(`api/destinations/${encodeURIComponent(destination)}/listen`, url);
    // A socket does not say why it was refused.
    const knock = await patiently(url, terminal, fetch(way, { headers: { authorization: `Bearer ${key}` } })).catch(
      (error: unknown) => {
        throw unreachable(error);
      },
    );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a refusal is read as that of any other question
    if (knock.status !== 426) await heard(Promise.resolve(knock as ClientResponse<unknown>));
    way.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const last: { delivery: string | null } = { delivery: null };
    listenToKeys(client, last, terminal);
    const { as } = asked.options;
    const cursor = new Cursor(url.href, destination, typeof as === "string" ? as : null);
    let isNew = true;
    const hooks = hooksOf(port, destination, last, cursor, asked, terminal, () => {
      // Once a connection is there: what comes from now on is told by it.
      if (isNew) void tellMissed(client, destination, cursor, asked, terminal);
      isNew = false;
    });
    for (let tries = 0; ; tries += 1) {
      isNew = true;
      const { wasOpen, why, isOver } = await connection(way, key, hooks);
      if (wasOpen) tries = 0;
      const pause = isOver ? 0 : (PAUSES_MS[Math.min(tries + 1, PAUSES_MS.length - 1)] ?? 0);
      const says = wasOpen ? why : "the relay cannot be reached";
      if (!isOver)
        terminal.err(
          `${paint("yellow", "not listening")}: ${plain(says)}; connecting again in ${pause / 1000} s. What comes meanwhile is held`,
        );
      await sleep(pause);
    }
  },
);

/** The tunnel that was named, or the only one. */
async function tunnelFor(client: Client, { options: { destination, source } }: Asked): Promise<string> {
  if (typeof destination === "string") return destination;
  const { destinations } = await answered(client.destinations.$get());
  const { routes } = await answered(client.routes.$get());
  const reached = new Set(
    routes.filter(({ from }) => typeof source !== "string" || from.includes(source)).flatMap(({ to }) => to),
  );
  const tunnels = destinations.filter(({ kind, name }) => kind === "tunnel" && reached.has(name));
  const [only, ...others] = tunnels;
  if (only === undefined) throw new Fault(missing(typeof source === "string" ? source : "github"));
  if (others.length === 0) return only.name;
  throw new Fault(
    `there are several tunnels. Add --destination with one of: ${tunnels.map(({ name }) => name).join(", ")}`,
  );
}

function missing(source: string): string {
  return [
    `no route leads ${source} to a tunnel. Add these lines to wrangler.toml, and deploy:`,
    "",
    "[vars.DESTINATIONS.desk]",
    "tunnel = true",
    'retry = "quick"',
    "",
    "[vars.ROUTES.desk]",
    `from = ${JSON.stringify(source)}`,
    'to = "desk"',
  ].join("\n");
}

function hooksOf(
  port: number,
  destination: string,
  last: { delivery: string | null },
  cursor: Cursor,
  { options, json }: Asked,
  { out, err }: Terminal,
  welcomed: () => void,
): Hooks {
  const { "forward-path": to, print, watch } = options;
  const told = (line: object, text: string) => out(json ? JSON.stringify(line) : text);
  return {
    hello: {
      watches: watch === true,
      ...wishesOf(options),
    },
    role({ answers, listeners }) {
      const also = listeners > 1 ? `, ${listeners} listen` : "";
      const does = answers ? "listening" : "watching, another one answers";
      err(
        `${paint("green", does)}: ${destination} → http://localhost:${port}${typeof to === "string" ? to : "/"}${also}`,
      );
      welcomed();
    },
    async post(local, _, end) {
      const { search } = new URL(local.path, "http://localhost");
      const path = typeof to === "string" ? `${to}${search}` : local.path;
      return await postLocally(port, { ...local, path }, end);
    },
    said(come, said, latencyMs) {
      last.delivery = `${come.event}:${destination}`;
      cursor.see(come.event);
      told(lineOf(come, said, latencyMs), inALine(come, said, latencyMs));
      if (print === true && !json) out(plain(new TextDecoder().decode(come.body)));
    },
    watched(frame) {
      if (frame.type !== "answered") return;
      cursor.see(frame.event);
      told(
        frame,
        `${new Date().toISOString()}  ${frame.event}  another listener: ${frame.status ?? "no answer"}  ${frame.latency_ms} ms`,
      );
    },
  };
}

function wishesOf({ source, events, when }: Asked["options"]): { sources: string[]; events: string[]; when?: string } {
  return {
    ...(typeof when === "string" ? { when } : {}),
    sources: typeof source === "string" ? [source] : [],
    events: typeof events === "string" ? events.split(",").map((one) => one.trim()) : [],
  };
}

/** What others got while this one was away. Never rejects: the next connection asks again. */
async function tellMissed(
  client: Client,
  destination: string,
  cursor: Cursor,
  { options, json }: Asked,
  { out, err }: Terminal,
): Promise<void> {
  try {
    const { deliveries, more } = await cursor.missed(client, destination, wishesOf(options));
    if (more) err("more has come meanwhile than is listed here: hookline deliveries has the rest");
    for (const { event, source, type, attempt, state, status, ended_at: at } of deliveries) {
      const what = paint("bold", plain(`${source} ${type}`));
      const text = `${at}  ${event}  ${what}  meanwhile: ${state}, ${status ?? "no answer"}`;
      out(
        json ? JSON.stringify({ type: "missed", at, event, source, event_type: type, attempt, state, status }) : text,
      );
    }
  } catch (error) {
    err(paint("yellow", plain(error instanceof Fault ? error.message : String(error))));
  }
}

function lineOf({ event, source, event_type: type, attempt, size }: Come, { status }: Said, latencyMs: number) {
  return { at: new Date().toISOString(), event, source, type, attempt, size, status, latency_ms: latencyMs };
}

function inALine(
  { event, source, event_type: type, attempt }: Come,
  { status, body }: Said,
  latencyMs: number,
): string {
  const isWell = status >= 200 && status < 300;
  const why = isWell ? "" : `  ${plain(body.toString().slice(0, 100))}`;
  const what = paint("bold", plain(`${source} ${type}`));
  const how = paint(isWell ? "green" : "red", String(status));
  return `${new Date().toISOString()}  ${event}  ${what}  attempt ${attempt}  ${how}  ${latencyMs} ms${why}`;
}

/** r replays the last delivery; Ctrl-C ends, as where there is no terminal. */
function listenToKeys(client: Client, last: { readonly delivery: string | null }, { err }: Terminal): void {
  const { stdin } = process;
  if (!stdin.isTTY) return;
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on("data", (keys: Buffer) => {
    const key = keys.toString();
    if (key === "\u0003" || key === "q") process.exit(0);
    const { delivery } = last;
    if (key !== "r" || delivery === null) return;
    answered(client.deliveries[":id"].replay.$post({ param: { id: delivery } })).then(
      ({ replayed }) =>
        err(replayed === 0 ? `${delivery} has not ended yet: it is tried again by itself` : `replaying ${delivery}`),
      (error: unknown) => err(error instanceof Error ? error.message : String(error)),
    );
  });
}

export const verbs = { listen };
