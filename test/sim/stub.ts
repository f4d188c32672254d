// What an object's answer holds that may be called: it crosses the wire as a stub, and dies with the incarnation that gave it.
import { call } from "./isolate.ts";
import type { Scheduler } from "./scheduler.ts";

/** The incarnation behind a stub. */
interface Behind {
  readonly scheduler: Scheduler;
  readonly outage: () => "throws" | "hangs" | null;
  alive(): boolean;
  run<T>(work: () => T): T;
  kill(why: string): void;
}

/** The answer as its caller gets it. */
export function stubbed(answer: unknown, behind: Behind): unknown {
  const { first } = Object(answer);
  const desk = first?.desk;
  if (desk === undefined) return answer;
  const ask = (destination: unknown) =>
    call<unknown>(behind.scheduler, {
      kind: "rpc",
      what: "desk",
      error: "Network connection lost.",
      outage: behind.outage,
      effect: async () => {
        if (!behind.alive()) throw new Error("The Durable Object was reset.");
        return await behind.run(() => desk.ask(destination));
      },
      special: (fault) => {
        if (fault !== "object dies before" && fault !== "object dies after") return null;
        return () => {
          behind.kill("its answer was asked");
          throw new Error("The Durable Object was reset.");
        };
      },
    });
  return { ...Object(answer), first: { ...first, desk: { ask } } };
}
