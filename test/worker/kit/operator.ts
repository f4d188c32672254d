// An operator at the API of a relay whose clock stands still, and whose bells are caught before they ring.
import { lifetimeOf } from "../../../src/feed/lifetime.ts";
import { newTally } from "../../../src/feed/tally.ts";
import { Hono } from "hono";
import { beforeEach } from "vitest";
import { openAccess } from "../../../src/access/access.ts";
import { api, type ApiDeps } from "../../../src/api/api.ts";
import { openD1 } from "../../../src/d1/open.ts";
import { networkOf } from "../../../src/net/cidr.ts";
import { readConfig } from "../../../src/config/config.ts";
import { openOperator, type OperatorDeps } from "../../../src/operate/open.ts";
import { Use } from "../../../src/feed/use.ts";
import { openUse } from "../../../src/operate/use.ts";
import { openInspector } from "../../../src/out/inspector.ts";
import { type FetchText, openSend } from "../../../src/net/send.ts";
import type { Bell, Event } from "../../../src/types.ts";
import { bindings, setUp } from "./relay.ts";
import type { Config } from "../../../src/config/configured.ts";
import type { Settlement } from "../../../src/d1/settlement.ts";

export const TOKEN = "test-admin-token-0123456789abcdef";
export const NOON = Date.parse("2026-03-01T12:00:00Z");
export const ID = `evt_${"a".repeat(32)}`;
export const OTHER = `evt_${"b".repeat(32)}`;

export const FAILED = { state: "failed", reason: "gone", status: 410, excerpt: "gone" } as const;

/** A clean relay for each test of the file. */
export class Operator {
  clock = NOON;
  rung: Bell[] = [];
  logged: string[] = [];
  reminded: number | null = null;
  /** What goes on after the answer. */
  later: Promise<unknown>[] = [];
  /** The relay's vars, as far as its sources go. */
  vars: Record<string, unknown> = {};
  #ids = 0;
  #d1 = openD1(bindings.DB);

  get store() {
    return this.#d1.store;
  }

  readonly receiver = setUp();

  constructor() {
    beforeEach(() => {
      this.clock = NOON;
      this.rung = [];
      this.logged = [];
      this.later = [];
      this.vars = {};
      this.#d1 = openD1(bindings.DB);
    });
  }

  /** The relay's configuration: two destinations, an inspector, and what a test gives in `vars`. */
  get config(): Config {
    const DESTINATIONS = {
      billing: { url: "http://127.0.0.1:9/billing" },
      crm: { url: "http://127.0.0.1:9/crm" },
      bin: { inspect: true },
    };
    const SIGNING_KEY = "test-signing-key-0123456789abcdef";
    return readConfig({ ADMIN_TOKEN: TOKEN, SIGNING_KEY, LOOPBACK_DESTINATIONS: "true", DESTINATIONS, ...this.vars });
  }

  get #shared() {
    const write = (event: string, fields: object) => void this.logged.push(JSON.stringify({ event, ...fields }));
    return {
      config: this.config,
      ring: async (bells: readonly Bell[]) => {
        this.rung.push(...bells);
        await Promise.resolve();
      },
      remind: async (at: number) => {
        this.reminded = at;
        await Promise.resolve();
      },
      confirmPause: async () => await Promise.resolve([]),
      now: () => this.clock,
      newId: () => (this.#ids += 1).toString(16).padStart(8, "0").repeat(4),
      log: { info: write, warn: write, error: write },
    };
  }

  /** What everything that an operator does is built on: all of it real, but for the counts and the journal of other objects. */
  get deps(): OperatorDeps {
    const [d1, shared] = [this.#d1, this.#shared];
    const { inspections } = d1;
    return {
      ...shared,
      tables: d1,
      archive: null,
      send: openSend(shared.now),
      inspector: openInspector({ inspections, now: shared.now, log: shared.log }),
      bindings: () => null,
      dice: () => 0.5,
      feed: {
        steps: async () => await Promise.resolve([]),
        spent: async (since, stepMs, count) =>
          await Promise.resolve(
            Array.from({ length: count }, (_, n) => ({
              at: since + n * stepMs,
              use: new Map(),
              sources: new Map(),
              destinations: new Map(),
            })),
          ),
        lifetime: async () => await Promise.resolve(lifetimeOf(0, newTally())),
      },
      totals: async () => await Promise.resolve({ sources: new Map(), destinations: new Map(), heard: new Map() }),
      intake: {
        status: async () => await Promise.resolve({ waiting: 0, stuck: 0, bytes: 0, unreachable: [], seenAt: 0 }),
      },
      use: openUse({
        ...shared,
        feed: { use: async () => await Promise.resolve(new Map()) },
        own: new Use(shared.now),
        backlogOfQueue: async () => await Promise.resolve({ backlogCount: 0, backlogBytes: 0 }),
      }),
    };
  }

  /** Who gets in; new at each call, so that nothing is remembered but what D1 keeps. */
  access(fetchText: FetchText = async () => await Promise.resolve(null)) {
    return openAccess({
      ...this.#shared,
      ...this.#d1,
      fetchText,
      later: (work) => void this.later.push(work),
      networkOf,
    });
  }

  /** The API alone, with other parts where a test asks for them. */
  app(other: Partial<OperatorDeps> = {}, face: Partial<ApiDeps> = {}): Hono {
    const deps: ApiDeps = {
      operator: openOperator({ ...this.deps, ...other }),
      access: this.access(),
      live: async () => await Promise.resolve(new Response("live")),
      listen: async () => await Promise.resolve(new Response("listening")),
      postAs: async () => await Promise.resolve(Response.json({ id: "evt", status: "accepted" })),
      ...face,
    };
    return new Hono().route("/api", api(deps));
  }

  /** A request with the token, unless the headers say otherwise. */
  async call(
    path: string,
    {
      method = "GET",
      headers = {},
      body = null,
    }: { method?: string; headers?: Record<string, string>; body?: string | null } = {},
    other: Partial<OperatorDeps> = {},
  ): Promise<Response> {
    return await this.app(other).request(path, {
      method,
      body,
      headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    });
  }

  /** What a page says; throws unless it is 200. */
  async get<T = Record<string, unknown>>(path: string): Promise<T> {
    const response = await this.call(path);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json<T>();
  }

  async replay(id: string, headers: Record<string, string> = {}) {
    const list = id.includes(":") ? "deliveries" : "events";
    const response = await this.call(`/api/${list}/${id}/replay`, { method: "POST", headers });
    const answer = await response.json<{
      replayed?: number;
      deliveries?: object[];
      detail?: string;
    }>();
    return { status: response.status, ...answer };
  }

  async accept(change: Partial<Event> = {}): Promise<void> {
    const event: Event = {
      id: ID,
      receipt: `receipt-${change.id ?? ID}`,
      source: "github",
      type: "push",
      receivedAt: NOON,
      verifiedBy: "GITHUB_SECRET",
      headers: { "content-type": "application/json" },
      encoding: "text",
      size: 2,
      body: "{}",
      parts: 0,
      matched: [{ destination: "billing", route: "money" }],
      ...change,
    };
    await this.store.commit(JSON.stringify([event]), event.receivedAt);
  }

  /** Claims an attempt of a delivery and settles it; with `null` it stays under way. */
  async attempt(n: number, end: Partial<Settlement> | null, destination = "billing"): Promise<void> {
    const [claim] = await this.store.claim([{ event: ID, destination, attempt: n }], this.clock);
    if (claim === undefined) throw new Error(`attempt ${n} is not waiting`);
    if (end === null) return;
    const settlement: Settlement = {
      event: claim.event,
      destination,
      attempt: n,
      state: "delivered",
      reason: null,
      dueAt: this.clock,
      startedAt: this.clock,
      latencyMs: 12,
      status: 200,
      fault: null,
      excerpt: "ok",
      ...end,
    };
    await this.store.settle([settlement], this.clock + 12);
  }
}
