// The Worker: fetch, queue, scheduled and the Durable Object.
// The only file that sees Env; it opens every binding and hands them on.
import { waitUntil } from "cloudflare:workers";
import type { Hono } from "hono";
import type { Bell } from "./types.ts";
import { openAccess } from "./access/access.ts";
import { openBodies } from "./archive/bodies.ts";
import { openArchive } from "./archive/open.ts";
import { openAlerting } from "./alert/open.ts";
import { openPrompt } from "./alert/prompt.ts";
import type { Watch } from "./alert/watch.ts";
import { floodKey, networkOf } from "./net/cidr.ts";
import { type Told, Use } from "./feed/use.ts";
import { createApp } from "./app.ts";
import { chores, type ChoresDeps, inquiries } from "./sweep/chores.ts";
import { openCleanup } from "./sweep/cleanup.ts";
import type { Config } from "./config/configured.ts";
import { openD1 } from "./d1/open.ts";
import { Feed } from "./feed/feed.ts";
import { IntakeObject } from "./intake/object.ts";
import { push, type PushDeps } from "./otlp/push.ts";
import { openQueue } from "./out/bells.ts";
import { openBindings } from "./out/bindings.ts";
import { openShards } from "./intake/door.ts";
import { LEADER, spreadOf } from "./intake/spread.ts";
import { openLimits } from "./limit/door.ts";
import { LimiterObject } from "./limit/object.ts";
import { migrateOnce } from "./d1/migrate.ts";
import { openTunnels, type TunnelDoor } from "./tunnel/door.ts";
import { TunnelObject } from "./tunnel/object.ts";
import { tunnelDeps } from "./tunnel/open.ts";
import type { Store } from "./d1/store.ts";
import type { Tunnels } from "./d1/tunnels.ts";
import { type FeedDoor, openFeed } from "./feed/door.ts";
import { readConfig } from "./config/config.ts";
import { redacts } from "./config/encrypting.ts";
import { deliver, type DeliverDeps } from "./out/deliver.ts";
import { openDisable } from "./out/disable.ts";
import { FirstAttempts } from "./out/first.ts";
import { FloodGuard } from "./in/flood.ts";
import { KeyRing } from "./verify/keyring.ts";
import { MeteredObject, meteredQueue, meteredStub } from "./feed/metered.ts";
import { endingSoon } from "./operate/ends.ts";
import { openRelayHealth } from "./operate/relay-health.ts";
import { openUse } from "./operate/use.ts";
import { encodeHex } from "./bytes/encoding.ts";
import { openVault, type Vault } from "./bytes/vault.ts";
import { answerBatch } from "./out/batch.ts";
import { openInspector } from "./out/inspector.ts";
import { type Log, openLog } from "./log.ts";
import { openOperator } from "./operate/open.ts";
import { openTotals } from "./operate/overview.ts";
import { Pace } from "./out/pace.ts";
import { Published } from "./net/published.ts";
import { BodyReader } from "./in/read.ts";
import { openFetched } from "./in/fetched.ts";
import { openHydrate } from "./in/hydrated.ts";
import { openReshape } from "./in/transformed.ts";
import { RefusalBook } from "./in/refusals/refusals.ts";
import type { ReplaysDeps } from "./sweep/replays.ts";
import { rescue } from "./sweep/rescue.ts";
import { within } from "./patience.ts";
import { ATTEMPT_MS } from "./deadlines.ts";
import { isLoopback } from "./net/egress.ts";
import { openResolve } from "./net/resolve.ts";
import { KEY, NAME } from "./net/inquiries.ts";
import { openFetchText, openSend } from "./net/send.ts";
import type { SweepDeps } from "./sweep/sweep.ts";

export { Feed };

/** The bindings of wrangler.toml; vars and secrets stand beside them under their own names. */
export interface Env {
  readonly DB: D1Database;
  readonly DELIVERIES: Queue<Bell>;
  /** Bound so that `wrangler deploy` creates it; only the platform writes to it. */
  readonly DEAD_LETTERS: Queue<Bell>;
  readonly INTAKE: DurableObjectNamespace<Intake>;
  readonly FEED: DurableObjectNamespace<Feed>;
  readonly LIMITER: DurableObjectNamespace<Limiter>;
  readonly TUNNEL: DurableObjectNamespace<Tunnel>;
  readonly FLOOD_GUARD: RateLimit;
  readonly [name: string]: unknown;
}

interface Relay {
  readonly log: Log;
  readonly app: Hono;
  readonly deliver: DeliverDeps;
  readonly replays: ReplaysDeps;
  readonly sweep: SweepDeps;
  readonly chores: ChoresDeps;
  readonly watch: Watch;
  readonly push: PushDeps;
  readonly store: Store;
  readonly tunnels: Tunnels;
  readonly known: ReturnType<typeof openD1>["known"];
  readonly shards: number;
  readonly feed: FeedDoor;
  readonly use: Use;
}

/** One relay per environment object: configuration is read and bindings are opened once per isolate. */
const relays = new WeakMap<Env, Relay>();

function relayOf(env: Env): Relay {
  let relay = relays.get(env);
  if (relay === undefined) {
    relay = open(env);
    relays.set(env, relay);
  }
  return relay;
}

// Clock, dice and ids come from here and are arguments everywhere else.
const now = () => Date.now();
const dice = () => Math.random();
const newId = () => encodeHex(crypto.getRandomValues(new Uint8Array(16)));

function limitsOf(env: Env, use: Use, log: Log) {
  return openLimits((destination) => meteredStub(env.LIMITER.getByName(destination), use), now, newId, log);
}

function intakeOf(env: Env, config: Config, use: Use, log: Log) {
  const shard = (name: string) => meteredStub(env.INTAKE.getByName(name), use, ["accept", "acceptAll"]);
  // Whether one invocation may settle what another awaits is the runtime's to say: vitest's switches it off.
  const keep = Cloudflare.compatibilityFlags["handle_cross_request_promise_resolution"] === true ? waitUntil : null;
  return openShards(shard, config.shards, now, log, spreadOf(config.shards, config.sources.values()), keep);
}

function open(env: Env): Relay {
  const config = readConfig(env);
  const use = new Use(now);
  const log = use.quiet(openLog(config.logLevel, (characters) => use.logged(characters), config.logSuccess));
  const vault = openVault(config.encryption);
  const makeSchema = () => within(SCHEMA_MS, "the schema", env.INTAKE.getByName(LEADER).schema());
  const bodies = openBodies(env["EVENT_BODIES"]);
  const d1 = openD1(env.DB, use, makeSchema, vault, bodies);
  const { store, parts, breakers, upkeep, lists, refusals } = d1;
  const archive = openArchive(env["EVENT_ARCHIVE"], { ...d1, vault, now, newId, log });
  const ring = openQueue(meteredQueue(env.DELIVERIES, use), now);
  const intake = intakeOf(env, config, use, log);
  const feed = openFeed(() => meteredStub(env.FEED.getByName("feed"), use), now, log, use);
  const shared = { config, archive, now, newId, log };
  const remind = (at: number) => intake.remind(at);
  const confirmPause = (destination: string) => intake.pause(destination);
  const disable = openDisable({ stop: d1.stop, stopFirsts: confirmPause, now, log });
  const toTunnels = openTunnels((name) => meteredStub(env.TUNNEL.getByName(name), use), now, newId, log);
  const tunnels = { ...d1.tunnels, ...toTunnels, keepings: config.keepings };
  const attempting = { ...waysOut(env, config, d1, tunnels, vault, log), now, dice, disable, vault };
  const paced = { pace: new Pace(), limits: limitsOf(env, use, log) };
  const first = new FirstAttempts({ ...attempting, ...paced, isSilent: tunnels.isSilent, config, intake, log });
  const entering = { ...shared, ...d1, vault, intake, first, acked: (ms: number) => use.acked(ms) };
  const tending = { breakers, tunnels, config, ring, stopFirsts: confirmPause, remind, now, log };
  const prompt = openPrompt(remind, now, waitUntil);
  const settled: FeedDoor["settled"] = (group) => (prompt(group), feed.settled(group));
  const delivering: DeliverDeps = { ...attempting, ...tending, ...paced, store, parts, feed: { settled } };
  const floodGuard = async (address: string) => (await env.FLOOD_GUARD.limit({ key: floodKey(address) })).success;
  const fetchText = openFetchText(KEY.most, KEY.timeoutMs);
  const used = openUse({ ...shared, feed, own: use, backlogOfQueue: () => env.DELIVERIES.metrics() });
  const totals = openTotals(feed, now, log);
  const operating = { ...shared, ...attempting, tables: d1, ring, remind, confirmPause, intake, feed, totals };
  const operator = openOperator({ ...operating, use: used });
  return {
    log,
    app: createApp({
      ...entering,
      operator,
      access: openAccess({ ...shared, ...d1, fetchText, later: waitUntil, networkOf }),
      health: openRelayHealth({ ...entering, feed, use: used, own: use }),
      live: (request) => feed.live(request, now() + LIVE_MS),
      listen: (destination) => tunnels.listen(destination, now() + LIVE_MS),
      floodGuard,
      flood: new FloodGuard(floodGuard, now),
      published: new Published({ lists, remind, now, log }),
      bodies: new BodyReader(now),
      keys: new KeyRing(fetchText),
      fetchText,
      refusals: new RefusalBook(refusals, now, log),
      feed,
    }),
    deliver: delivering,
    replays: { ...shared, ...d1, vault, ring, intake, retentionMs: config.retentionMs },
    sweep: {
      ...tending,
      upkeep,
      deliverNow: async (bells) => await (await deliver(bells, delivering)).sending,
      cleanup: openCleanup({
        ...config,
        ...tending,
        redacts: redacts(config),
        upkeep,
        bodies,
        archive: archive?.sweep ?? null,
      }),
      // A name that is missing while something is wrong may only be written wrong.
      destinations: config.findings.some(({ level }) => level === "error") ? null : [...config.destinations.keys()],
    },
    watch: openAlerting({ ...entering, feed, used, waitUntil, ending: (at) => endingSoon(config.ends, at) }),
    push: { otlp: config.otlp, feed, measure: operator.measure, send: attempting.send, now, log },
    chores: { ...shared, ...d1, ...inquiries(attempting.resolve), fetched: openFetched(entering, { waitUntil }) },
    store,
    tunnels: d1.tunnels,
    known: d1.known,
    shards: config.shards,
    feed,
    use,
  };
}

/** What an attempt goes through: another body where a route asks for one, and the way to its receiver. */
function waysOut(
  env: Env,
  config: Config,
  { inspections, store }: ReturnType<typeof openD1>,
  { reach }: TunnelDoor,
  vault: Vault,
  log: Log,
) {
  const bindings = openBindings((name) => env[name], reach);
  const inspector = openInspector({ inspections, now, log });
  const { resolver, loopback } = config;
  const isHere = (host: string) => loopback && isLoopback(host);
  const ask = openFetchText(NAME.most, NAME.timeoutMs);
  const resolve = resolver === null ? null : openResolve(resolver.url, ask, now, isHere);
  const reshape = openReshape(config, openHydrate(store, loopback, now, resolve, vault));
  return { send: openSend(now, ATTEMPT_MS, resolve), inspector, bindings, reshape, resolve };
}

/** What a step of the schema may take, in ms, before the invocation that needs it makes it itself. */
const SCHEMA_MS = 5_000;
/** A socket outlives the session or key that opened it by no more than this; whoever still may, opens another. */
const LIVE_MS = 15 * 60_000;

/** The journal. Its objects are named `intake-0` … `intake-N`, see `intake/spread.ts`. */
export class Intake extends IntakeObject<Env, Told> {
  constructor(ctx: DurableObjectState, env: Env) {
    const relay = relayOf(env);
    super(ctx, env, {
      leads: ctx.id.equals(env.INTAKE.idFromName(LEADER)),
      stub: (name) => meteredStub(env.INTAKE.getByName(name), relay.use),
      metered: new MeteredObject(ctx.storage, relay.use, now),
      schema: async () => (await migrateOnce(env.DB)).last,
      commit: (...group) => relay.store.commit(...group),
      settleFirsts: (...ended) => relay.store.settleFirsts(...ended),
      known: relay.known,
      shards: relay.shards,
      ring: relay.deliver.ring,
      sweep: () => {
        // Not waited for: the next look must not depend on what providers do. Where no cron runs, this is its turn.
        void chores(relay.chores);
        return rescue(relay);
      },
      tell: (seeds, settled) => {
        void relay.feed.accepted(seeds);
        void relay.deliver.feed.settled(settled);
      },
      now,
      log: relay.log,
    });
  }
}

/** Counts what a destination with a `rate` or a `concurrency` gets: one object for each, by its name. */
export class Limiter extends LimiterObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { metered: new MeteredObject(ctx.storage, relayOf(env).use, now), now });
  }
}

/** The sockets of whoever listens to a destination with `tunnel = true`: one object for each, by its name. */
export class Tunnel extends TunnelObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    const { deliver: delivering, use, tunnels } = relayOf(env);
    const metered = new MeteredObject(ctx.storage, use, now);
    super(ctx, env, { ...tunnelDeps(tunnels, delivering, newId), metered, dice });
  }
}

// oxlint-disable-next-line import/no-default-export -- the Workers runtime asks for it
export default {
  fetch(request, env, ctx) {
    const relay = relayOf(env);
    relay.use.add("worker_requests");
    return relay.app.fetch(request, {}, ctx);
  },

  async queue(batch, env, ctx) {
    const relay = relayOf(env);
    relay.use.add("worker_requests");
    await answerBatch(batch, relay, (work) => ctx.waitUntil(work));
  },

  async scheduled(_controller, env, ctx) {
    const relay = relayOf(env);
    relay.use.add("worker_requests");
    ctx.waitUntil(Promise.all([chores(relay.chores), relay.feed.idle(now()), push(relay.push)]));
    await rescue(relay);
  },
} satisfies ExportedHandler<Env, Bell>;
