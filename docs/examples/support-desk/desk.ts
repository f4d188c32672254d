// `npm run example`: runs the support desk with its own wrangler.toml, tells how it went, and draws a picture of the run.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { table as asTable, openWranglerFile } from "../../../src/cli/local/wrangler-file.ts";
import { type Json, type Local, type LogLine, runLocal } from "../../../src/cli/local/local.ts";
import { table } from "../../../src/cli/table.ts";
import { derivedSecret } from "../../../src/out/sign.ts";
import { type Report, reports, signed } from "./assistant.ts";
import { good, sums, tooMuch } from "./judge.ts";
import { type Open, picture } from "./picture.ts";
import { startServices } from "./server.ts";
import { DOWN, SERVICES } from "./services.ts";

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, "../../..");
/** Between two reports of the assistant, in ms. */
const PAUSE_MS = 250;
/** Everything ends within a minute; a slow machine gets more, in ms. */
const PATIENCE_MS = 150_000;

const { values: options } = parseArgs({ options: { json: { type: "boolean" }, keep: { type: "boolean" } } });
/** The picture of the page, where it is to be drawn anew, or one that no commit sees. */
const drawing = options.keep === true ? join(HERE, "run.svg") : join(ROOT, ".hookline/support-desk.svg");

/** Set anew when the relay is up: from then on the run is told. */
let began = Date.now();
const clock = () => Date.now() - began;
const say = (line: string) => {
  if (options.json !== true) process.stdout.write(`${line}\n`);
};

const invented = () => randomBytes(24).toString("base64");

/** Every secret that the file names, made up. */
function inventSecrets() {
  return {
    ASSISTANT_SECRET: `whsec_${invented()}`,
    CRM_TOKEN: invented(),
    TICKETS_PASSWORD: Buffer.from(`hookline:${invented()}`).toString("base64"),
    CONTEXT_TOKEN: invented(),
    SIGNING_KEY: invented(),
    ADMIN_TOKEN: invented(),
  };
}

/** The vars of the file, with the services of this run in the place of the addresses. */
async function varsOf(services: string): Promise<Record<string, Json>> {
  const opened = await openWranglerFile(join(HERE, "wrangler.toml"));
  if (!opened.ok) throw new Error(`${HERE}/wrangler.toml ${opened.why}`);
  const vars = asTable(opened.file["vars"]);
  const destinations = Object.entries(asTable(vars["DESTINATIONS"])).map(([name, entry]) => [
    name,
    { ...asTable(entry), ...("url" in asTable(entry) ? { url: `${services}/${name}` } : {}) },
  ]);
  const changed = { ...vars, DESTINATIONS: Object.fromEntries(destinations), LOOPBACK_DESTINATIONS: "true" };
  return changed;
}

/** When breakers opened and closed, from the relay's log. */
class Breakers {
  readonly #opens: Open[] = [];

  hear({ message }: LogLine): void {
    if (!message.includes('"breaker.')) return;
    const { event, destination } = asTable(JSON.parse(message));
    const service = SERVICES.find((name) => name === destination);
    if (service === undefined) return;
    if (event === "breaker.opened") this.#opens.push({ service, from: clock(), until: Infinity });
    const open = this.#opens.findIndex((one) => one.service === service && one.until === Infinity);
    if (event === "breaker.closed" && open !== -1)
      this.#opens.splice(open, 1, { service, from: this.#opens[open]?.from ?? 0, until: clock() });
  }

  /** What was open until then. */
  until(end: number): Open[] {
    return this.#opens.map(({ service, from, until }) => ({ service, from, until: Math.min(until, end) }));
  }
}

async function post(report: Report, relay: Local, secret: string): Promise<string> {
  const response = await fetch(`${relay.url}/in/assistant`, signed(report, secret, Date.now()));
  const answer = asTable(await response.json());
  if (response.status !== 200) throw new Error(`the relay refused ${report.id}: ${response.status}`);
  return String(answer["id"]);
}

/** Waits until every delivery has ended. The relay's own database says so. */
async function ended(relay: Local, wanted: number): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  const sql = "SELECT count(*) AS n FROM deliveries WHERE state IN ('delivered', 'failed')";
  for (let n = 0; n < wanted && Date.now() < until; n = Number((await relay.query(sql))[0]?.["n"])) await sleep(250);
}

const secrets = inventSecrets();
const audit = await derivedSecret(secrets.SIGNING_KEY, "audit");
const { CRM_TOKEN: crm, TICKETS_PASSWORD: tickets, CONTEXT_TOKEN: context } = secrets;
const services = await startServices({ crm, tickets, context, audit }, clock);
const stateDir = await mkdtemp(join(tmpdir(), "hookline-example-"));
const breakers = new Breakers();
let relay: Local | null = null;
try {
  say("Starts a relay with docs/examples/support-desk/wrangler.toml, and five systems that receive.");
  relay = await runLocal({
    port: 0,
    stateDir,
    vars: await varsOf(services.url),
    secrets: { ...secrets, CHAT_URL: `${services.url}/chat` },
    onLog: (line) => breakers.hear(line),
  });
  began = Date.now();
  const all = reports(Date.now());
  say(`The assistant sends ${all.length} reports. The CRM is down from ${DOWN.from / 1000} to ${DOWN.until / 1000} s.`);
  const accepted = new Map<string, Report>();
  const acceptedAt: number[] = [];
  for (const report of all) {
    accepted.set(await post(report, relay, secrets.ASSISTANT_SECRET), report);
    acceptedAt.push(clock());
    await sleep(PAUSE_MS);
  }
  await ended(
    relay,
    sums(accepted, services).reduce((sum, { wanted }) => sum + wanted, 0),
  );

  const found = sums(accepted, services);
  const beyond = tooMuch(services.visits);
  const opens = breakers.until(clock());
  await mkdir(dirname(drawing), { recursive: true });
  await writeFile(drawing, picture({ accepted: acceptedAt, visits: services.visits, opens }));
  const ok = good(found);
  const rows = found.map((sum) => [sum.service, sum.wanted, sum.done, sum.twice, sum.late, sum.requests, sum.refused]);
  for (const line of table(
    ["system", "reports", "done", "twice", "out of order", "requests", "failed"],
    rows,
    "nothing",
  ))
    say(line);
  say(
    ok
      ? "All five have everything exactly once, in order per conversation."
      : "Something is missing, was done twice, or came out of order.",
  );
  // On a busy machine a request may be on its way for longer than the next one, which then comes too close to it.
  say(`Requests that came too close together, or too many at once: ${beyond}`);
  say(`The picture of this run: ${drawing}`);
  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ ok, beyond, opens, systems: found, tookMs: clock() })}\n`);
  process.exitCode = ok ? 0 : 1;
} finally {
  await relay?.stop();
  await services.stop();
  await rm(stateDir, { recursive: true, force: true });
}
