// What may be called of a limiter over RPC. `index.ts` gives it its bindings.
import { DurableObject } from "cloudflare:workers";
import type { LimiterRpc } from "./door.ts";
import { type Ask, Limiter, type Places, type Told } from "./limiter.ts";

/** What the object needs from outside; its storage is the platform's. */
export interface LimiterDeps {
  /** Notes what the object uses of what is billed. */
  readonly metered: { during<T>(work: Promise<T>): Promise<T> };
  now(): number;
}

/** One for each destination that has a `rate` or a `concurrency`, by its name. */
export class LimiterObject<Env> extends DurableObject<Env> implements LimiterRpc {
  readonly #limiter: Limiter;
  readonly #deps: LimiterDeps;

  constructor(ctx: DurableObjectState, env: Env, deps: LimiterDeps) {
    super(ctx, env);
    this.#deps = deps;
    this.#limiter = new Limiter(ctx.storage.sql, {
      now: () => deps.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    });
  }

  /** @see Limiter.ask */
  async ask(ask: Ask): Promise<Places> {
    return await this.#deps.metered.during(this.#ask(ask));
  }

  async #ask(ask: Ask): Promise<Places> {
    const places = this.#limiter.ask(ask);
    // Before anybody begins: an object that starts anew must know what is taken.
    if (places.go > 0) await this.ctx.storage.sync();
    return places;
  }

  /** @see Limiter.tell */
  async tell(told: Told): Promise<void> {
    await Promise.resolve(this.#limiter.tell(told));
  }
}
