// An operator at the API of a relay whose clock stands still, and whose bells are caught before they ring.
import { Hono } from "hono";
import { beforeEach } from "vitest";
import { api, type ApiDeps } from "../../src/api.ts";
import { openDatabase } from "../../src/bindings/database.ts";
import { openLists } from "../../src/bindings/lists.ts";
import { openOffers } from "../../src/bindings/offers.ts";
import { openRecords } from "../../src/bindings/records.ts";
import { openRefusals } from "../../src/bindings/refusals.ts";
import { openReopen } from "../../src/bindings/reopen.ts";
import { openStore, type Settlement } from "../../src/bindings/store.ts";
import { readConfig } from "../../src/config.ts";
import type { Bell, Event } from "../../src/types.ts";
import { bindings, setUp } from "./relay.ts";

export const TOKEN = "test-admin-token";
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
  /** The relay's vars, as far as its sources go. */
  vars: Record<string, unknown> = {};
  #ids = 0;
  #run = openDatabase(bindings.DB);
  store = openStore(this.#run);

  readonly receiver = setUp();

  constructor() {
    beforeEach(() => {
      this.clock = NOON;
      this.rung = [];
      this.logged = [];
      this.#run = openDatabase(bindings.DB);
      this.store = openStore(this.#run);
    });
  }

  get deps(): ApiDeps {
    const write = (event: string, fields: object) => void this.logged.push(JSON.stringify({ event, ...fields }));
    const log = { info: write, warn: write, error: write };
    const adminToken = { name: "ADMIN_TOKEN", value: TOKEN };
    return {
      sources: {
        config: { ...readConfig(this.vars), adminToken },
        refusals: openRefusals(this.#run),
        lists: openLists(this.#run),
        offers: openOffers(this.#run),
        now: () => this.clock,
        log,
      },
      records: openRecords(this.#run),
      reopen: openReopen(this.#run),
      ring: async (bells) => {
        this.rung.push(...bells);
        await Promise.resolve();
      },
      remind: async (at) => {
        this.reminded = at;
        await Promise.resolve();
      },
      now: () => this.clock,
      newId: () =>
        String((this.#ids += 1))
          .padStart(16, "0")
          .repeat(2),
      config: {
        destinations: new Set(["billing", "crm"]),
        adminToken,
      },
      log,
    };
  }

  /** A request with the token, unless the headers say otherwise. */
  async call(
    path: string,
    { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
    other: Partial<ApiDeps> = {},
  ): Promise<Response> {
    const app = new Hono().route("/api", api({ ...this.deps, ...other }));
    return await app.request(path, {
      method,
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
    if (claim === undefined) throw new Error(`attempt ${n} was not to be had`);
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
