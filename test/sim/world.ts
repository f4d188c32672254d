// One world from its first request to its last settled delivery: carries out a plan, asks the invariants, and says how it went.
import { owes } from "./alerted.ts";
import { owesEvents } from "./banked.ts";
import { bring } from "./brought.ts";
import { startBulk } from "./bulk.ts";
import { BODIES_MS } from "./bodiless.ts";
import { askForEdit } from "./edits.ts";
import { isErasing } from "./erased.ts";
import { liftPauses, operate, OPERATOR, replay } from "./operations.ts";
import type { Fault, Faults, Point } from "./faults.ts";
import { INVARIANTS } from "./invariants/table.ts";
import type { Kept } from "./intakes.ts";
import { Ledger, tellOf } from "./ledger.ts";
import { untold } from "./measured.ts";
import type { Plan, Step } from "./plan.ts";
import { Platform } from "./platform.ts";
import { post, postOnce } from "./posting.ts";
import { type Line, Scheduler, type Violation } from "./scheduler.ts";
import { CHANGES, initialVars } from "./settings.ts";
import { emptied, keptOf, migrated } from "./shelf.ts";
import { unheardIn } from "./listening.ts";
import { Storm } from "./vault-orders.ts";
import type { Worker } from "./worker.ts";

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly hits: readonly { point: Point; fault: Fault; at: number }[];
  readonly points: readonly Point[];
  readonly lines: readonly Line[];
  readonly trace: string;
  /** Events that were answered with 2xx, and requests that destinations have heard. */
  readonly acked: number;
  readonly heard: number;
  /** Virtual time, in ms. */
  readonly lasted: number;
}

const HOUR = 3_600_000;
/** After quiet, everything must have ended within this: a Retry-After may put three attempts off by a day each. */
const DRAIN_MS = 100 * HOUR;
/** Events are kept five days, and parts of bodies that were never accepted seven; and a few hours for the sweep. */
const RETENTION_MS = 173 * HOUR;
/** What the sweep does by itself is done by then. */
const RESTED_MS = HOUR / 2;

export interface Setting {
  readonly worker: Worker;
  /** Databases of the world before, if there was one; they are emptied. */
  readonly shelf: { kept: Kept | null };
  readonly listening: boolean;
}

/** Runs a plan under these faults. Never throws for anything that the relay does. */
export async function live(plan: Plan, faultsOf: (scheduler: Scheduler) => Faults, setting: Setting): Promise<Outcome> {
  const scheduler = new Scheduler(plan.seed, setting.listening);
  const faults = faultsOf(scheduler);
  const storm = new Storm();
  scheduler.faults = (point, now) => (now < plan.quiet || storm.covers(now) ? faults(point, now) : null);
  const vars = initialVars(plan.schedule, plan.shards, plan.traits);
  const kept = plan.cold ? null : emptied(setting.shelf.kept ?? (await migrated(vars, setting.worker)));
  const platform = new Platform(scheduler, setting.worker, vars, kept);
  const ledger = new Ledger(plan, platform);
  if (["measured", "gapped", "banked"].some((one) => plan.traits.some((trait) => trait === one)))
    platform.cron.watched = true;
  if (plan.traits.includes("bodiless")) platform.cron.bodiesMs = BODIES_MS;
  platform.hook.post = platform.bank.post = async (letter, again) => {
    ledger.waiting += 1;
    const heard = await postOnce(letter, again, ledger);
    ledger.waiting -= 1;
    return heard?.status ?? null;
  };
  platform.bank.onListed = (letter, version) => {
    ledger.begun.push({ letter, at: scheduler.now, version, fetched: true });
  };
  platform.vault.isBound = plan.traits.includes("vaulted");
  platform.bodies.isBound = plan.traits.includes("bodied");
  if (plan.traits.includes("inward")) platform.resolver.inward = "alpha.example.com";
  listen(ledger);
  for (const step of plan.steps) scheduler.after(step.at, () => take(step, ledger));
  scheduler.after(plan.quiet, () => calmDown(ledger));

  await scheduler.run(plan.quiet);
  await drain(ledger, plan.quiet + DRAIN_MS);
  if (scheduler.violations.length === 0) judge(ledger, "ended");
  platform.cron.watched = false;
  if (scheduler.violations.length === 0 && plan.traits.includes("bodiless")) {
    await scheduler.run(scheduler.now + RESTED_MS);
    if (scheduler.violations.length === 0) judge(ledger, "rested");
  }
  if (scheduler.violations.length === 0 && (plan.retention || plan.traits.includes("unheard"))) {
    // Where nobody has listened somebody may be told so in the end, and that notice is kept as long again.
    const twice = plan.traits.includes("unheard") ? 2 : 1;
    await scheduler.run(scheduler.now + RETENTION_MS * twice + storm.begin(ledger));
    if (scheduler.violations.length === 0) judge(ledger, "expired");
  }
  if (!plan.cold) setting.shelf.kept = keptOf(platform);
  for (const object of platform.intakes.all) object.evict();
  platform.feed.evict();
  for (const object of [...platform.limiters.all, ...platform.tunnels.all]) object.evict();
  for (const isolate of platform.isolates) isolate.kill();
  const { violations, hits, points, lines, trace, now } = scheduler;
  const acked = new Set(ledger.tries.flatMap(({ id }) => id ?? [])).size;
  const heard = platform.network.arrivals.length;
  return { violations, hits, points, lines, trace: trace.toString(), acked, heard, lasted: now };
}

async function drain(ledger: Ledger, until: number): Promise<void> {
  const { scheduler, platform } = ledger;
  await scheduler.run(until, () => settled(ledger));
  if (scheduler.violations.length === 0 && !settled(ledger)) {
    const rows = platform.d1.look("SELECT * FROM delivery_history WHERE state NOT IN ('delivered', 'failed')");
    const journal = platform.intakes.empty ? "empty" : "not empty";
    scheduler.violate(
      "I-11",
      `still open ${DRAIN_MS / HOUR} h after the last fault; journal ${journal}; ${JSON.stringify(rows)}`,
    );
  }
}

function settled(ledger: Ledger): boolean {
  const { platform, plan, scheduler, waiting } = ledger;
  if (waiting > 0 || isErasing(ledger) || scheduler.now < plan.quiet || !platform.intakes.empty || !platform.idle)
    return false;
  if (!platform.d1.hasTable("deliveries")) return true;
  const open = `SELECT 1 FROM deliveries WHERE state IN ('pending', 'delivering', 'held') AND NOT ${unheardIn(plan)} LIMIT 1`;
  if (plan.traits.includes("alerted") && owes(platform)) return false;
  if (platform.hook.owes || owesEvents(ledger)) return false;
  const running = "SELECT 1 FROM replays WHERE state = 'running' LIMIT 1";
  return platform.d1.look(open).length + platform.d1.look(running).length === 0 && !untold(ledger);
}

/** Puts the observers in place. */
function listen(ledger: Ledger): void {
  const { platform, scheduler } = ledger;
  const { d1, network, queue } = platform;
  d1.onMoves = (moves) => {
    for (const move of moves) {
      const moved = { ...move, id: ledger.idOf(move.event), at: scheduler.now };
      const { id, destination, from, to, attempt, by } = moved;
      scheduler.tell("event", "D1", `${id}:${destination} ${from ?? "new"} → ${to}, attempt ${attempt} (${by})`);
      for (const { id: name, moved: check } of INVARIANTS) tellOf(ledger, name, check?.(moved, ledger));
      ledger.moves.push(moved);
    }
  };
  network.onArrival = (arrival) => {
    for (const { id, arrived } of INVARIANTS) tellOf(ledger, id, arrived?.(arrival, ledger));
  };
  platform.things.onFetched = (fetched) => {
    scheduler.tell("event", "things", `is asked for ${fetched.url}`);
    for (const { id, fetched: check } of INVARIANTS) tellOf(ledger, id, check?.(fetched, ledger));
  };
  network.onTooLong = (arrival) => {
    scheduler.violate("I-12", `an attempt at ${arrival.destination} goes on beyond its 15 s`);
  };
  queue.onSent = (bodies) => {
    for (const body of bodies) ledger.rung.push({ ...bellOf(body), at: scheduler.now });
  };
  queue.onAcked = (bodies, began) => {
    for (const body of bodies)
      for (const { id, acked } of INVARIANTS) tellOf(ledger, id, acked?.(bellOf(body), began, ledger));
  };
  platform.onLog = (isolate, level, text) => {
    ledger.lines.push({ isolate, level, text });
    scheduler.tell("detail", isolate.name, text);
    for (const { id, logged } of INVARIANTS) tellOf(ledger, id, logged?.(text, ledger));
  };
}

function judge(ledger: Ledger, when: "ended" | "rested" | "expired"): void {
  for (const invariant of INVARIANTS) tellOf(ledger, invariant.id, invariant[when]?.(ledger));
}

function bellOf(body: unknown): { delivery: string; attempt: number } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own bells
  const { delivery = "", attempt = 0 } = body as { delivery?: string; attempt?: number };
  return { delivery, attempt };
}

function take(step: Step, ledger: Ledger): void {
  const { platform, scheduler } = ledger;
  const { at: _, ...told } = step;
  const one = () => platform.intakes.one(scheduler.roll(`which object ${step.do} ${step.at}`));
  if (step.do !== "post") scheduler.tell("fault", "world", JSON.stringify(told));
  switch (step.do) {
    case "post":
      ledger.waiting += 1;
      void post(step.letter, step.tries, ledger).finally(() => {
        ledger.waiting -= 1;
      });
      return;
    case "miss":
      if (step.letter.source === "bank") platform.bank.miss(step.letter, step.reaches, step.late ?? null);
      else platform.hook.miss(step.letter, step.reaches);
      return;
    case "deploy":
      platform.deploy(CHANGES[step.change](platform.vars));
      return;
    case "shards":
      platform.deploy({ ...platform.vars, INTAKE_SHARDS: step.to }, step.bothMs);
      return;
    case "kill":
      if (step.who === "intake") one().kill("killed");
      else if (step.who === "limiter") for (const object of platform.limiters.all) object.kill("killed");
      else platform.kill(step.who);
      return;
    case "evict":
      one().evict();
      return;
    case "skew":
      platform.skew(step.who === "intake" ? one() : step.who, step.ms);
      return;
    case "outage": {
      const binding = {
        d1: platform.d1,
        queue: platform.queue,
        intake: platform.intakes,
        feed: platform.feed,
        limiter: platform.limiters,
      }[step.of];
      if (step.of === "intake")
        platform.intakes.struck = scheduler.roll(`all struck ${step.at}`) < 0.4 ? null : one().name;
      binding.outage = () => step.manner;
      scheduler.after(step.ms, () => {
        binding.outage = () => null;
      });
      return;
    }
    case "poison":
      platform.d1.poison = step.words;
      return;
    case "mood":
      platform.network.moods.set(step.destination, step.mood);
      return;
    case "operate":
      void operate(step.operation, ledger);
      return;
    case "listen":
      platform.desk.take(step);
      return;
    case "tunnel":
      for (const object of platform.tunnels.all)
        if (step.act === "kill") object.kill("killed");
        else object.hibernate();
      return;
    case "edit":
      for (let time = 0; time < step.edit.times; time += 1) void askForEdit(step.edit, ledger);
      return;
    case "bring":
      ledger.waiting += 1;
      void bring(step.line, ledger).finally(() => {
        ledger.waiting -= 1;
      });
      return;
    case "bulk":
      void startBulk(step.order, ledger);
      return;
    case "replay":
      for (let time = 0; time < step.times; time += 1) void replay(step.nth, step.key, ledger);
  }
}

/** From here on everything works. Destinations that refuse for good may go on doing so. */
function calmDown(ledger: Ledger): void {
  const { platform, scheduler, plan } = ledger;
  scheduler.tell("fault", "world", "the storm is over");
  for (const binding of [platform.d1, platform.queue, platform.intakes, platform.feed, platform.limiters])
    binding.outage = () => null;
  if (platform.d1.poison !== null) {
    // Whoever fixes it deploys, and the object starts anew.
    platform.d1.poison = null;
    for (const object of platform.intakes.all) object.evict();
    platform.post("health", askForHealth, () => {}).catch(() => {});
  }
  for (const [destination, mood] of platform.network.moods)
    if (!["500", "404", "410", "hang"].includes(mood)) platform.network.moods.set(destination, "ok");
  if (plan.traits.includes("tunnelled")) platform.desk.calm(!plan.traits.includes("unheard"));
  void liftPauses(ledger);
}

const askForHealth = () => new Request("https://relay.example.com/health", { headers: OPERATOR });
