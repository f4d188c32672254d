// The relay with two yardsticks beside it on the same workerd: a Hono route that does nothing, and one that asks a Durable Object to do nothing.
import { Hono } from "hono";
import relay, { type Env, Intake as RealIntake } from "../../../src/index.ts";
import type { Bell } from "../../../src/types.ts";

export { Feed } from "../../../src/index.ts";

/** The relay's own object, which can also do nothing. */
export class Intake extends RealIntake {
  idle(): null {
    return null;
  }
}

interface BenchEnv extends Env {
  readonly INTAKE: DurableObjectNamespace<Intake>;
}

const answer = { id: "evt_0", status: "accepted" };
const yardsticks = new Hono<{ Bindings: BenchEnv }>();
yardsticks.post("/noop", (c) => c.json(answer));
yardsticks.post("/hop", async (c) => {
  const { INTAKE } = c.env;
  await INTAKE.get(INTAKE.idFromName("yardstick")).idle();
  return c.json(answer);
});

// oxlint-disable-next-line import/no-default-export -- the entry point of a Worker
export default {
  ...relay,
  fetch: (request, env, ctx) =>
    /\/(?:noop|hop)$/.test(request.url) ? yardsticks.fetch(request, env) : relay.fetch(request, env, ctx),
} satisfies ExportedHandler<BenchEnv, Bell>;
