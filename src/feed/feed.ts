// The Feed object: counts what the relay tells it and passes it on to whoever watches. It knows no event that D1 does
// not: what it loses is seconds of counts.
import { DurableObject } from "cloudflare:workers";
import type { Temporality } from "../contract/otlp.ts";
import { type Export, Exports, type Pushed, type PushState } from "./exports.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Spent, Sums, Totals } from "./tally.ts";
import { Audience, type SocketState } from "./sockets.ts";
import type { Silence } from "./silence.ts";
import { type Recent, Tallies } from "./tallies.ts";
import type { Telling } from "./door.ts";
import { MeteredObject } from "./metered.ts";
import { Use } from "./use.ts";

export class FeedCore {
  readonly #tallies: Tallies;
  readonly #audience: Audience;
  readonly #exports: Exports;
  readonly #storage: SocketState["storage"];
  readonly #own: Use;
  readonly #metered: MeteredObject;

  /** @param own what the object itself uses, counted with what it is told next */
  constructor(state: SocketState, now: () => number, own = new Use(now), metered = new MeteredObject(null, own, now)) {
    this.#own = own;
    this.#metered = metered;
    this.#tallies = new Tallies(state.storage.sql, now);
    this.#audience = new Audience(state, now);
    this.#storage = state.storage;
    this.#exports = new Exports(state.storage.sql, now, () => this.#tallies.counted());
  }

  tell({ counts, news, skipped }: Telling): void {
    this.#audience.tell(news, skipped);
    const writing = this.#tallies.add(counts, this.#own.take());
    void this.#metered.during(writing ?? Promise.resolve());
  }

  /** @see Tallies.use */
  use(since: number): Map<string, number> {
    return this.#tallies.use(since);
  }

  /** @see Tallies.spent */
  spent(since: number, stepMs: number, count: number): Spent[] {
    return this.#tallies.spent(since, stepMs, count);
  }

  /** @see Tallies.steps */
  steps(since: number, stepMs: number, count: number): Sums[] {
    return this.#tallies.steps(since, stepMs, count);
  }

  /** @see Tallies.totals */
  totals(since: number): Totals {
    return this.#tallies.totals(since);
  }

  /** @see Tallies.lately */
  lately(since: number): Recent[] {
    return this.#tallies.lately(since);
  }

  /** @see Tallies.silences */
  silences(): Silence[] {
    return this.#tallies.silences();
  }

  /** @see Tallies.lifetime */
  lifetime(): Lifetime {
    return this.#tallies.lifetime();
  }

  /** @see Exports.begin */
  async exporting(temporality: Temporality): Promise<Export | null> {
    const next = this.#exports.begin(temporality);
    // What a collector is told must not be forgotten: neither what was counted, nor how far it was told.
    await this.#storage.sync();
    return next;
  }

  /** @see Exports.end */
  async exported(at: number, pushed: Pushed): Promise<void> {
    this.#exports.end(at, pushed);
    await this.#storage.sync();
  }

  /** @see Exports.state */
  exportState(): PushState {
    return this.#exports.state();
  }

  /** The way in for whoever watches; `?until=` is when the socket must end. */
  async join(request: Request): Promise<Response> {
    if (request.headers.get("upgrade") !== "websocket") return new Response("a WebSocket is wanted", { status: 426 });
    return await this.#audience.join(Number(new URL(request.url).searchParams.get("until") ?? Infinity));
  }

  /** @see Audience.alarm */
  async alarm(): Promise<void> {
    await this.#metered.alarm(this.#audience.alarm());
  }
}

const now = () => Date.now();

/** The object as the platform knows it; there is one, named `feed`. */
export class Feed extends DurableObject {
  readonly #core: FeedCore;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const own = new Use(now);
    this.#core = new FeedCore(ctx, now, own, new MeteredObject(ctx.storage, own, now));
  }

  /** @see FeedCore.tell */
  async tell(telling: Telling): Promise<void> {
    await Promise.resolve(this.#core.tell(telling));
  }

  /** @see FeedCore.steps */
  async steps(since: number, stepMs: number, count: number): Promise<Sums[]> {
    return await Promise.resolve(this.#core.steps(since, stepMs, count));
  }

  /** @see FeedCore.spent */
  async spent(since: number, stepMs: number, count: number): Promise<Spent[]> {
    return await Promise.resolve(this.#core.spent(since, stepMs, count));
  }

  /** @see FeedCore.totals */
  async totals(since: number): Promise<Totals> {
    return await Promise.resolve(this.#core.totals(since));
  }

  /** @see FeedCore.use */
  async use(since: number): Promise<Map<string, number>> {
    return await Promise.resolve(this.#core.use(since));
  }

  /** @see FeedCore.lately */
  async lately(since: number): Promise<Recent[]> {
    return await Promise.resolve(this.#core.lately(since));
  }

  /** @see FeedCore.silences */
  async silences(): Promise<Silence[]> {
    return await Promise.resolve(this.#core.silences());
  }

  /** @see FeedCore.lifetime */
  async lifetime(): Promise<Lifetime> {
    return await Promise.resolve(this.#core.lifetime());
  }

  /** @see FeedCore.exporting */
  async exporting(temporality: Temporality): Promise<Export | null> {
    return await this.#core.exporting(temporality);
  }

  /** @see FeedCore.exported */
  async exported(at: number, pushed: Pushed): Promise<void> {
    await this.#core.exported(at, pushed);
  }

  /** @see FeedCore.exportState */
  async exportState(): Promise<PushState> {
    return await Promise.resolve(this.#core.exportState());
  }

  /** @see FeedCore.join */
  override async fetch(request: Request): Promise<Response> {
    return await this.#core.join(request);
  }

  override async alarm(): Promise<void> {
    await this.#core.alarm();
  }
}
