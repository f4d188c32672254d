// What does a run of the tests print? The files, what failed and its logs, and at the end each error of the relay's own that no test provokes.
import type { SerializedError, UserConsoleLog } from "vitest";
import { DefaultReporter, type TestModule, type TestRunEndReason, type Vitest } from "vitest/node";
import type { Provoked } from "./meta.ts";

/**
 * What workerd writes beside the tests: it ends what is under way when a test resets its bindings, or closes a connection,
 * and it remarks on the bytes that a test puts into a header.
 * Only the first line of what is written at once is looked at: a failure that quotes such a line is still printed.
 */
export const NOISE =
  /^(?:(?:uncaught )?exception\b.*(?:Application called deleteAllDurableObjects|disconnected: (?:read end of pipe was aborted|other end of WebSocketPipe was destroyed))|.*A header value for ".*" contains non-ASCII)/;

/** Of a destination that gave no yes: news for its operator, in whichever test a receiver fails. */
const NEWS = ["delivery.failed"];

/** The lines of the relay's log that are errors, and not among the events that are expected. */
export function unexpected(text: string, provoked: Provoked): string[] {
  return text.split("\n").filter((line) => {
    const { level, event } = told(line);
    return level === "error" && ![...NEWS, ...provoked].includes(event);
  });
}

function told(line: string): { level: string; event: string } {
  const [, level = "", event = ""] = /^\{"level":"(\w+)","event":"([\w.]+)"/.exec(line) ?? [];
  return { level, event };
}

// oxlint-disable-next-line import/no-default-export -- vitest asks for it
export default class Reporter extends DefaultReporter {
  readonly #logs: UserConsoleLog[] = [];

  override onInit(vitest: Vitest): void {
    super.onInit(vitest);
    for (const stream of [process.stdout, process.stderr]) {
      // oxlint-disable-next-line typescript/unbound-method -- the proxy hands `this` on
      stream.write = new Proxy(stream.write, {
        apply(write, self, args: unknown[]) {
          const [text] = args;
          return (typeof text === "string" && NOISE.test(text)) || Reflect.apply(write, self, args);
        },
      });
    }
  }

  override onUserConsoleLog(log: UserConsoleLog, state?: Parameters<DefaultReporter["onUserConsoleLog"]>[1]): void {
    if (state === undefined) this.#logs.push(log);
    super.onUserConsoleLog(log, state);
  }

  override onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    const lines = this.#logs.flatMap((log) => this.#surprises(log));
    if (lines.length > 0) this.log(["Errors of the relay that no test provokes:", ...lines, ""].join("\n"));
    super.onTestRunEnd(modules, errors, reason);
  }

  /** Those of a test that failed are printed with it. */
  #surprises(log: UserConsoleLog): string[] {
    const task = log.taskId === undefined ? undefined : this.ctx.state.idMap.get(log.taskId);
    if (task?.result?.state === "fail") return [];
    const name = task === undefined ? "outside a test" : `${task.file.name} > ${task.name}`;
    return unexpected(log.content, task?.meta.provokes ?? []).map((line) => `  ${name}: ${line}`);
  }
}
