// What may be called of a tunnel over RPC, and what the platform calls. `index.ts` gives it its bindings.
import { DurableObject } from "cloudflare:workers";
import type { TunnelRpc } from "./door.ts";
import type { Answered, Pushed } from "./handing.ts";
import { type Offered, Tunnel, type TunnelDeps } from "./tunnel.ts";

export interface TunnelObjectDeps extends TunnelDeps {
  /** Notes what the object uses of what is billed. */
  readonly metered: { during<T>(work: Promise<T>): Promise<T>; alarm(work: Promise<void>): Promise<void> };
}

/** One for each destination with `tunnel = true`, by its name. */
export class TunnelObject<Env> extends DurableObject<Env> implements TunnelRpc {
  readonly #tunnel: Tunnel;
  readonly #deps: TunnelObjectDeps;

  constructor(ctx: DurableObjectState, env: Env, deps: TunnelObjectDeps) {
    super(ctx, env);
    this.#deps = deps;
    this.#tunnel = new Tunnel(ctx, deps);
  }

  /** @see Tunnel.offer */
  async offer(destination: string, pushed: Pushed): Promise<Offered> {
    return await this.#deps.metered.during(this.#tunnel.offer(destination, pushed));
  }

  /** @see Tunnel.go */
  async go(n: number): Promise<Answered | null> {
    return await this.#deps.metered.during(this.#tunnel.go(n));
  }

  /** @see Tunnel.over */
  async over(call: string): Promise<void> {
    await Promise.resolve(this.#tunnel.over(call));
  }

  /** @see Tunnel.wake */
  async wake(destination: string): Promise<void> {
    await Promise.resolve(this.#tunnel.wake(destination));
  }

  /** The way in for a listener: `?destination=` is the tunnel's name, `?until=` when the socket must end. */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams: asked } = new URL(request.url);
    return await this.#tunnel.join(asked.get("destination") ?? "", Number(asked.get("until") ?? 0));
  }

  override async alarm(): Promise<void> {
    await this.#deps.metered.alarm(this.#tunnel.alarm());
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#deps.metered.during(this.#tunnel.hears(socket, message));
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    await this.#deps.metered.during(this.#tunnel.loses(socket));
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#deps.metered.during(this.#tunnel.loses(socket));
  }
}
