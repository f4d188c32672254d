// The whole relay in half a minute: starts one of its own,
// sends it real signed webhooks, and shows what becomes of them.
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { deliveryId } from "../../ids.ts";
import { read } from "./lines.ts";
import { nextSteps } from "./next.ts";
import { type Answered, outcomesOf, type Totals, totalsOf } from "./outcome.ts";
import { FAILURES, inventSecrets, receiverSecrets, ROUTED, vars } from "./relay.ts";
import { flag, counting } from "../options.ts";
import { Story } from "./story.ts";
import { type Sent, traffic } from "./traffic.ts";
import type { Local } from "../local/local.ts";
import { Watch } from "./watch.ts";
import { portFault } from "../local/port.ts";
import { startReceiver } from "./receiver.ts";
import type { Terminal, Verb } from "../verb.ts";

const PORT = "8787";
/** The end is due within half a minute; a slow machine gets a whole one, in ms. */
const PATIENCE_MS = 60_000;
/** How long a log line may be on its way before the story goes on without it, in ms. */
const LOG_PATIENCE_MS = 3_000;

export const verb: Verb = {
  usage: "demo [--port N] [--once]",
  help: [
    "Runs a relay on this machine, with generated secrets and a receiver that fails on purpose,",
    "sends it signed webhooks of four providers and a forged one, and shows what happens to them.",
    "Leaves with 0 if everything that was accepted was delivered with proof, and the forged one refused.",
  ].join("\n"),
  options: {
    port: { ...counting("N", "where the relay listens"), default: PORT },
    once: flag("end after the demonstration, as without a terminal"),
  },
  examples: ["demo", "demo --once --port 8788"],
  json: "a line of JSON for each thing that happens",
  names: 0,
  async run({ options, json }, terminal) {
    const port = Number(options["port"]);
    const fault = isPort(port) ? await portFault(port) : "--port takes a number from 1 to 65535";
    if (fault !== null) {
      terminal.err(`hookline demo: ${fault}.\nChoose another port: npm start -- --port ${port === 8788 ? 8789 : 8788}`);
      return 1;
    }
    const stateDir = await mkdtemp(join(tmpdir(), "hookline-demo-"));
    const ending = { code: INTERRUPTED };
    leaveWhenAsked(stateDir, ending);
    try {
      const stays = process.stdout.isTTY && options["once"] !== true;
      return await demo({ port, stateDir, stays, json, ending }, terminal);
    } finally {
      await rm(stateDir, { recursive: true, force: true });
    }
  },
};

/** What a shell reports of a command that ended by Ctrl-C. */
const INTERRUPTED = 130;

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

interface Setting {
  readonly port: number;
  readonly stateDir: string;
  readonly stays: boolean;
  readonly json: boolean;
  /** With which code Ctrl-C leaves. */
  readonly ending: { code: number };
}

async function demo({ port, stateDir, stays, json, ending }: Setting, { out }: Terminal): Promise<number> {
  const began = Date.now();
  const story = new Story(json ? () => {} : out, began);
  const tell = (event: string, fields: object) => {
    if (json) out(JSON.stringify({ at_ms: Date.now() - began, event, ...fields }));
  };
  const watch = new Watch();
  const secrets = inventSecrets();
  const receiver = await startReceiver({
    secrets: await receiverSecrets(secrets),
    failures: FAILURES,
    onArrival(arrival) {
      watch.arrived(arrival);
      tell("receiver.answered", arrival);
    },
  });
  let relay: Local | null = null;
  story.opens(`http://localhost:${port}`, receiver.url);
  try {
    // Loaded only now, after the first lines are on the screen: it takes a second or two.
    const { runLocal } = await import("../local/local.ts");
    relay = await runLocal({
      port,
      stateDir,
      vars: vars(receiver.url),
      secrets,
      onLog(line) {
        const said = read(line);
        story.hears(said, Date.now(), (delivery) => watch.proofs.has(delivery));
        if (said.fields !== null) tell(String(said.fields["event"]), said.fields);
        watch.heard(said);
      },
    });
    const { url } = relay;
    tell("demo.started", { relay: url, receiver: receiver.url });

    story.listens();
    const answered: Answered[] = [];
    for (const sent of await traffic(secrets, Date.now())) {
      const answer = await send(sent, url);
      answered.push(answer);
      const { status, id } = answer;
      tell("demo.sent", { source: sent.source, bytes: Buffer.byteLength(sent.body), forged: sent.forged, status, id });
    }
    // The relay writes its lines after it has answered: why it refused something, and how first attempts ended.
    const refusals = answered.filter(({ id }) => id === null).length;
    const events = answered.flatMap(({ id }) => id ?? []);
    await watch.until(() => watch.refused(refusals) && watch.accepted(events), LOG_PATIENCE_MS);
    story.allSent();

    const deliveries = promised(answered);
    await watch.until(() => watch.ended(deliveries), PATIENCE_MS);
    const totals = await conclude(answered, {
      url,
      token: secrets.ADMIN_TOKEN,
      proofs: watch.proofs,
      began,
      story,
      tell,
    });
    ending.code = totals.ok ? 0 : 1;
    if (!stays) return ending.code;
    if (!json) for (const line of nextSteps(`http://localhost:${port}`, secrets)) out(line);
    return await new Promise<never>(() => {});
  } finally {
    await relay?.stop();
    await receiver.stop();
  }
}

interface Ending {
  readonly url: string;
  readonly token: string;
  readonly proofs: ReadonlyMap<string, string>;
  readonly began: number;
  readonly story: Story;
  readonly tell: (event: string, fields: object) => void;
}

async function conclude(
  answered: readonly Answered[],
  { url, token, proofs, began, story, tell }: Ending,
): Promise<Totals> {
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
    return response.ok ? response.json() : null;
  };
  const outcomes = await outcomesOf(answered, proofs, ask);
  const totals = totalsOf(answered, outcomes, Date.now() - began);
  story.ends(outcomes, totals);
  for (const outcome of outcomes) tell("demo.outcome", outcome);
  tell("demo.totals", totals);
  return totals;
}

const acknowledged = z.object({ id: z.string() });

async function send(sent: Sent, url: string): Promise<Answered> {
  const { source, headers, body } = sent;
  const response = await fetch(`${url}/in/${source}`, { method: "POST", headers, body });
  const { data } = acknowledged.safeParse(await response.json());
  return { sent, status: response.status, id: response.ok ? (data?.id ?? null) : null };
}

/** The deliveries that were promised with every 200. */
function promised(answered: readonly Answered[]): string[] {
  return answered.flatMap(({ id, sent }) =>
    id === null ? [] : ROUTED[sent.source].map((destination) => deliveryId(id, destination)),
  );
}

/**
 * Ctrl-C leaves at once, wherever the demo is, and so does the end of whoever reads the output. The runtime ends
 * workerd when the process exits; after that, nothing writes into the folder any more.
 */
function leaveWhenAsked(stateDir: string, ending: { readonly code: number }): void {
  const leave = () => {
    process.once("exit", () => rmSync(stateDir, { recursive: true, force: true }));
    process.exit(ending.code);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, leave);
  process.stdout.on("error", leave);
}
