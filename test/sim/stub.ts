// What an object's answer holds that may be called: it crosses the wire as a stub, and dies with the incarnation that gave it.
import { call } from "./isolate.ts";
import type { Fault } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";

/** The incarnation behind a stub. */
interface Behind {
  readonly scheduler: Scheduler;
  /** What a question to its desk is called. */
  readonly desk: string;
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
      what: behind.desk,
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

/** The object dies at a call: before it hears of it, or once it has done what was asked. */
export function dying(fault: Fault, kill: (why: string) => void, serve: () => Promise<unknown>) {
  if (fault !== "object dies before" && fault !== "object dies after") return null;
  return async () => {
    if (fault === "object dies before") {
      kill("before the call");
      throw new Error("Internal error in Durable Object storage caused object to be reset.");
    }
    await serve();
    kill("after the call");
    throw new Error("The Durable Object's code has been updated, this version can no longer access storage.");
  };
}
