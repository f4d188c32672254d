// `npm run soak`: is anything lost when the relay is killed every few seconds? Traffic, receivers that fail, a killer, and an account of it all.
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { endWithReader } from "../../src/cli/reader.ts";
import * as z from "zod";
import { Dice } from "../sim/dice.ts";
import { account } from "./account.ts";
import { readBooks } from "./books.ts";
import { chaos, start } from "./chaos.ts";
import { calm } from "./drain.ts";
import { correspondence } from "./letters.ts";
import { page } from "./page.ts";
import { watch } from "./progress.ts";
import { startReceiver } from "./receiver.ts";
import { Relay } from "./killed-relay.ts";
import { type Report, report } from "./report.ts";
import { listen } from "./listener.ts";
import { startTraffic } from "./senders.ts";
import { inventSecrets, vars } from "./settings.ts";
import { table } from "./table.ts";

endWithReader();

const HELP = `npm run soak -- [--minutes N | --seconds N] [--rate N] [--seed N] [--json]

  --minutes N   how long there is traffic and killing; 3 by default
  --seconds N   the same in seconds
  --rate N      new events a second; 40 by default
  --seed N      repeats the mixture of events, faults and lives of another run; not its timing
  --json        the report on stdout, progress on stderr

Afterwards it waits until nothing is open, for two and a half minutes and the time that the killing took, 15 min at most.
Exit code 0: nothing was lost and every duplicate is explained. 1: not so. 2: it could not be run.
`;

const here = resolve(import.meta.dirname, "../..");
const folder = join(here, ".hookline/soak");

const positive = z.coerce.number().positive().finite();
const asked = z.object({
  minutes: positive.optional(),
  seconds: positive.optional(),
  rate: positive.max(1_000).default(40),
  seed: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(() => Math.floor(Math.random() * 1_000_000)),
  json: z.boolean().default(false),
});

interface Plan {
  readonly chaosMs: number;
  readonly rate: number;
  readonly seed: number;
  /** For people. */
  readonly say: (line: string) => void;
}

async function soak({ chaosMs, rate, seed, say }: Plan, stateDir: string, stopped: AbortSignal): Promise<Report> {
  // All lives run the same code, whoever saves a file meanwhile.
  await cp(join(here, "src"), join(stateDir, "src"), { recursive: true });
  const secrets = await inventSecrets();
  const receiver = await startReceiver(secrets.destinations, seed);
  const relay = new Relay({
    main: join(stateDir, "src/index.ts"),
    vars: vars(receiver.url),
    secrets: secrets.relay,
    stateDir,
    logFile: join(folder, "relay.log"),
  });
  // Whatever ends this process ends the relay: it is a group of its own and would stay.
  const lastResort = () => relay.killNow();
  process.once("exit", lastResort);
  try {
    say("starting the relay …");
    await start(relay, stopped);
    const began = Date.now();
    const until = began + chaosMs;
    const traffic = startTraffic({
      write: correspondence(new Dice(seed, "letters"), secrets, await inventSecrets()),
      url: () => relay.url,
      dice: new Dice(seed, "senders"),
      rate,
      until,
      stopped,
    });
    const listener = listen(relay, secrets.admin, receiver.url, new Dice(seed, "listener"), until);
    const progress = watch({ began, traffic, receiver, relay, say });
    const killing = chaos(relay, new Dice(seed, "lives"), until, stopped);
    try {
      await killing;
      stopped.throwIfAborted();
      receiver.recover();
      progress.phase("faults off");
      const calmAt = Date.now();
      await traffic.done;
      const drained = await calm(relay, secrets.admin, calmAt + patience(chaosMs), stopped);
      const ended = Date.now();
      say(`hookline listen was killed ${listener.killedAt.length} times`);
      await relay.close();
      stopped.throwIfAborted();
      say("reading the database beside the relay …");
      const { sent, tally } = traffic;
      const books = await readBooks(stateDir);
      const { arrivals, strays } = receiver;
      const { lives, errors } = relay;
      const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"}), node ${process.version}`;
      return report({
        conditions: { date: new Date(began).toISOString(), machine, seed, rate, chaosS: chaosMs / 1_000 },
        account: account({ sent, books, arrivals, strays, lives, hangUps: listener.killedAt }),
        sent,
        tally,
        books,
        lives,
        errors,
        drained,
        span: { began, calm: calmAt, ended },
      });
    } finally {
      progress.stop();
      await listener.stop();
    }
  } finally {
    await relay.close();
    await receiver.stop();
    process.off("exit", lastResort);
  }
}

/**
 * How long there is patience for the backlog, in ms. A lease takes 90 s to end, and a bell that was lost rings again within 90 s; beyond that,
 * what gathered while the relay was mostly dead has to be worked off, which takes as long as it took to gather at most.
 */
function patience(chaosMs: number): number {
  return 150_000 + Math.min(chaosMs, 15 * 60_000);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string" },
      seconds: { type: "string" },
      rate: { type: "string" },
      seed: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const options = asked.parse(values);
  const chaosMs = options.seconds === undefined ? (options.minutes ?? 3) * 60_000 : options.seconds * 1_000;
  const people = options.json ? process.stderr : process.stdout;
  const say = (line: string) => void people.write(`${line}\n`);
  await mkdir(folder, { recursive: true });
  const stateDir = await mkdtemp(join(folder, "state-"));
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

  let failed = false;
  try {
    const result = await soak({ chaosMs, rate: options.rate, seed: options.seed, say }, stateDir, stop.signal);
    failed = !result.ok;
    await writeFile(join(folder, "report.json"), `${JSON.stringify(result, null, 2)}\n`);
    await writeFile(join(folder, "report.html"), await page(result));
    say(table(result));
    say(`  ${relative(here, join(folder, "report.html"))} has the plot, report.json beside it the figures.`);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return result.ok ? 0 : 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    say("stopped");
    return 130;
  } finally {
    const kept = join(folder, "failed-state");
    if (failed) {
      await rm(kept, { recursive: true, force: true });
      await rename(stateDir, kept);
      say(
        `  its database is kept in ${relative(here, kept)}, its log in ${relative(here, join(folder, "relay.log"))}.`,
      );
    } else await rm(stateDir, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const why =
    error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  process.stderr.write(`${why}\n`);
  process.exitCode = 2;
}
// Connections that hang, as some of them are meant to, must not keep the process.
await sleep(100);
process.exit();
