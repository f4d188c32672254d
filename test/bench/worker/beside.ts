// The relay with four yardsticks beside it on the same workerd: what nobody can do without who answers at all, who asks an object,
// who keeps what came before the answer, and who also sends it on.
import { Hono } from "hono";
import relay, { type Env, Intake as RealIntake } from "../../../src/index.ts";
import type { Bell } from "../../../src/types.ts";
import { Minimum } from "./minimum.ts";

export { Feed, Limiter, Tunnel } from "../../../src/index.ts";

/** The relay's own object. Under the name `yardstick` it is none of the relay's, and does what these three methods say. */
export class Intake extends RealIntake {
  readonly #minimum: Minimum;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#minimum = new Minimum(state.storage);
  }

  idle(): null {
    return null;
  }

  async keep(text: string): Promise<null> {
    await this.#minimum.keep(text);
    return null;
  }

  told(): number {
    return this.#minimum.ended();
  }
}

interface BenchEnv extends Env {
  readonly INTAKE: DurableObjectNamespace<Intake>;
  readonly DESTINATIONS: { readonly receiver: { readonly url: string } };
}

const yardstick = ({ INTAKE }: BenchEnv) => INTAKE.getByName("yardstick");
const answer = { id: "evt_0", status: "accepted" };
const noop = new Hono<{ Bindings: BenchEnv }>();
noop.post("/noop", (c) => c.json(answer));
noop.post("/hop", async (c) => {
  await yardstick(c.env).idle();
  return c.json(answer);
});

/** Reads, keeps, answers. */
async function durable(request: Request, env: BenchEnv): Promise<Response> {
  await yardstick(env).keep(await request.text());
  return Response.json(answer);
}

/** The same, and sends it to the receiver after the answer, and tells the object that it has. */
async function durableSend(request: Request, env: BenchEnv, ctx: ExecutionContext): Promise<Response> {
  const id = `evt_${request.headers.get("x-github-delivery") ?? ""}`;
  const text = await request.text();
  await yardstick(env).keep(text);
  const send = async () => {
    const { body } = await fetch(env.DESTINATIONS.receiver.url, {
      method: "POST",
      headers: { "content-type": "application/json", "webhook-id": id },
      body: text,
    });
    await body?.cancel();
    await yardstick(env).told();
  };
  ctx.waitUntil(send());
  return Response.json({ id, status: "accepted" });
}

// oxlint-disable-next-line import/no-default-export -- the entry point of a Worker
export default {
  ...relay,
  fetch(request, env, ctx) {
    switch (/\/(?:noop|hop|durable|durable-send)$/.exec(request.url)?.[0]) {
      case undefined:
        return relay.fetch(request, env, ctx);
      case "/durable":
        return durable(request, env);
      case "/durable-send":
        return durableSend(request, env, ctx);
      default:
        return noop.fetch(request, env);
    }
  },
} satisfies ExportedHandler<BenchEnv, Bell>;
