// `npm run bench`: one run of every measurement, a table on the screen, the numbers in `.hookline/bench.json`.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { endWithReader } from "../../src/cli/reader.ts";
import { bundleSize } from "./bundle.ts";
import { costs } from "./cost.ts";
import { besideHanging, crowd } from "./crowd.ts";
import { deliverySpeeds } from "./delivery.ts";
import { ceiling, type Generator, startGenerator } from "./generator.ts";
import { featureCosts } from "./features.ts";
import { goals } from "./goals.ts";
import { historyCosts } from "./history.ts";
import { type Contest, ingestSpeeds } from "./ingest.ts";
import { conditions } from "./machine.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { stateRoot, withRelay } from "./measured-relay.ts";
import { features, history, type Report, table, tunnel } from "./report.ts";
import { tunnelSpeed } from "./tunnel.ts";
import { verifySpeeds } from "./verify.ts";

endWithReader();

const help = `npm run bench -- [--seconds N] [--rounds N] [--quick] [--before DIR] [--json] [--history]
  --seconds N  length of each timed round (3)
  --rounds N   rounds, in which the relay and its yardsticks take turns (5)
  --quick      a few short rounds of everything, for a look: about three minutes
  --before DIR another checkout, e.g. a worktree of an older commit, whose relay takes its turns too
  --json       print the JSON instead of the table
  --features   only what each feature adds to the cost of an event
  --tunnel     only how soon an event reaches a server through hookline listen
  --history    only the lists, in a history of a million events, which takes some minutes to fill`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    before: { type: "string" },
    json: { type: "boolean", default: false },
    history: { type: "boolean", default: false },
    features: { type: "boolean", default: false },
    tunnel: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const folder = resolve(import.meta.dirname, "../../.hookline");
/** A run takes five minutes, on a slow machine many more; one that hangs must not keep the machine. */
const patienceMs = 30 * 60_000;

if (values.help) process.stdout.write(`${help}\n`);
else {
  setTimeout(() => fail(new Error("the bench took too long")), patienceMs).unref();
  try {
    await bench();
  } catch (error) {
    fail(error);
  }
}

async function bench(): Promise<void> {
  await rm(stateRoot, { recursive: true, force: true });
  await mkdir(stateRoot, { recursive: true });
  if (values.history) {
    const lists = await million();
    await rm(stateRoot, { recursive: true, force: true });
    process.stdout.write(values.json ? `${JSON.stringify(lists)}\n` : history(lists));
    return;
  }
  if (values.features) {
    const added = await featuresAlone();
    await rm(stateRoot, { recursive: true, force: true });
    process.stdout.write(values.json ? `${JSON.stringify(added)}\n` : features(added));
    return;
  }
  if (values.tunnel) {
    const speed = await byItself(async (receiver, generator) => await tunnelSpeed(receiver, generator, 200));
    await rm(stateRoot, { recursive: true, force: true });
    process.stdout.write(values.json ? `${JSON.stringify(speed)}\n` : tunnel(speed));
    return;
  }
  const report = await measure();
  await rm(stateRoot, { recursive: true, force: true });
  const told = { ...report, goals: goals(report) };
  await writeFile(resolve(folder, "bench.json"), `${JSON.stringify(told, null, 2)}\n`);
  process.stdout.write(values.json ? `${JSON.stringify(told)}\n` : table(report));
}

async function featuresAlone() {
  return await byItself(async (receiver, generator) => await featureCosts(receiver, generator, Number(values.rounds)));
}

/** One measurement, with a receiver and a generator of its own. */
async function byItself<T>(use: (receiver: Receiver, generator: Generator) => Promise<T>): Promise<T> {
  const [receiver, generator] = [await startReceiver(), startGenerator()];
  try {
    return await use(receiver, generator);
  } finally {
    generator.stop();
    await receiver.close();
  }
}

async function million() {
  const receiver = await startReceiver();
  try {
    return await historyCosts(receiver.url, [10_000, 1_000_000]);
  } finally {
    await receiver.close();
  }
}

/** One thing after another: nothing that is timed shares the machine with anything else of ours. */
async function measure(): Promise<Report> {
  const seconds = values.quick ? 1 : Number(values.seconds);
  const rounds = values.quick ? 2 : Number(values.rounds);
  const generator = startGenerator();
  const receiver = await startReceiver();
  try {
    say("the generator alone");
    const alone = await ceiling(generator, 32, Math.min(seconds, 2));
    say("ingest");
    const ingest = await contest(receiver.url, (both) => ingestSpeeds(both, generator, { rounds, seconds }));
    say("delivery");
    const load = { events: values.quick ? 1000 : 4000, rounds: Math.min(rounds, 3), seconds: seconds + 2 };
    const delivery = await contest(receiver.url, (both) => deliverySpeeds(both, receiver, generator, load));
    say("company");
    const beside = await besideHanging(receiver, generator, values.quick ? 4 : 10, !values.quick);
    const many = await crowd(receiver, generator, values.quick ? 2_000 : 12_000);
    say("tunnel");
    const tunnelled = await tunnelSpeed(receiver, generator, values.quick ? 60 : 200);
    say("cost");
    const cost = await costs(receiver, generator, values.quick ? 500 : 1000);
    say("features");
    const added = values.quick ? [] : await featureCosts(receiver, generator, 1);
    say("history");
    const lists = await historyCosts(receiver.url, [10_000, values.quick ? 20_000 : 100_000]);
    say("verify");
    const verify = await verifySpeeds(resolve(stateRoot, "verify"), values.quick ? 0.1 : 0.3, !values.quick);
    say("bundle");
    const bundle = await bundleSize();
    return {
      conditions: { ...(await conditions()), seconds, rounds },
      generator: { perSecond: alone.perSecond },
      ingest,
      delivery,
      beside,
      crowd: many,
      tunnel: tunnelled,
      cost,
      features: added,
      history: lists,
      verify,
      bundle,
    };
  } finally {
    generator.stop();
    await receiver.close();
  }
}

/** A relay of this checkout, and one of the other if there is one. */
async function contest<T>(receiver: string, use: (both: Contest) => Promise<T>): Promise<T> {
  const { before: checkout } = values;
  return await withRelay("beside.ts", receiver, async (relay) => {
    if (checkout === undefined) return await use({ relay, before: null });
    const options = { checkout: resolve(checkout) };
    return await withRelay("beside.ts", receiver, (before) => use({ relay, before }), options);
  });
}

function say(what: string): void {
  process.stderr.write(`bench: ${what} …\n`);
}

function fail(error: unknown): never {
  process.stderr.write(`bench: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
