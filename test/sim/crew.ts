// Threads that run worlds: each has its own globals, its own copy of the relay and its own databases.
import { availableParallelism } from "node:os";
import { Worker as Thread } from "node:worker_threads";
import type { Answer, Job } from "./hand.ts";

export class Crew {
  readonly #idle: Thread[] = [];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  readonly #threads: Thread[];
  readonly size: number;

  /** @param source the folder that holds the relay's index.ts */
  constructor(source: string, size = Math.max(1, Math.min(8, availableParallelism()))) {
    this.size = size;
    this.#threads = Array.from(
      { length: size },
      () => new Thread(new URL("hand.ts", import.meta.url), { workerData: { source } }),
    );
    this.#idle.push(...this.#threads);
  }

  /** Does a job as soon as a thread is free. */
  async do(job: Job): Promise<Answer> {
    const thread = this.#idle.pop() ?? (await new Promise<Thread>((resolve) => this.#waiting.push(resolve)));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    thread.on("message", resolve);
    thread.on("error", reject);
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.postMessage(job);
      return await promise;
    } finally {
      thread.off("message", resolve);
      thread.off("error", reject);
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(thread);
      else next(thread);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#threads.map(async (thread) => await thread.terminate()));
  }
}
