// The queue: at least once, in no order. Batches go to the Worker's own handler, and acks count when it has ended.
/* oxlint-disable promise/always-return -- these promises are ends, nobody goes on from them */
import { call, type Invocation } from "./isolate.ts";
import type { Scheduler } from "./scheduler.ts";

export interface Message {
  readonly id: number;
  readonly body: unknown;
  attempts: number;
  /** A duplicate is not duplicated again: with its retries it would fill the world. */
  readonly copy?: boolean;
}

export interface Batch {
  readonly queue: string;
  readonly messages: readonly object[];
  retryAll(options?: { delaySeconds?: number }): void;
  ackAll(): void;
}

/** As in wrangler.toml. */
const BATCH = 25;
const MOST_RETRIES = 10;
/** How long a consumer may take, in ms. */
const CONSUMER_LIMIT_MS = 15 * 60_000;

/** Runs the Worker's queue handler; the promise ends when the handler has, and rejects if it throws or dies. */
export type Consume = (batch: Batch, limitMs: number) => { done: Promise<void>; invocation: Invocation };

export class Queue {
  readonly #scheduler: Scheduler;
  readonly #consume: Consume;
  #waiting: Message[] = [];
  #next = 0;
  #collecting = false;
  /** Messages that are somewhere between being sent and being acknowledged. */
  open = 0;
  deadLetters = 0;
  outage: () => "throws" | "hangs" | null = () => null;
  onSent: (bodies: readonly unknown[]) => void = () => {};
  onAcked: (bodies: readonly unknown[], began: number) => void = () => {};

  constructor(scheduler: Scheduler, consume: Consume) {
    this.#scheduler = scheduler;
    this.#consume = consume;
  }

  binding(): object {
    const put = (messages: readonly { body: unknown; delaySeconds?: number }[]) => {
      for (const { delaySeconds = 0 } of messages)
        if (delaySeconds > 86_400) throw new Error("Queue sendBatch failed: internal error 15000");
      if (messages.length > 100) throw new Error("Queue sendBatch failed: too many messages");
      this.onSent(messages.map(({ body }) => body));
      for (const { body, delaySeconds = 0 } of messages) {
        // Through JSON, as on the wire.
        const message = { id: (this.#next += 1), body: JSON.parse(JSON.stringify(body)) as unknown, attempts: 1 };
        this.#later(message, delaySeconds * 1000 + this.#scheduler.roll(`queue ${message.id}`) * 10);
      }
    };
    return {
      sendBatch: (messages: readonly { body: unknown; delaySeconds?: number }[]) =>
        call(this.#scheduler, {
          kind: "ring",
          what: "bells",
          error: "Queue sendBatch failed: internal error",
          outage: this.outage,
          effect: () => put(messages),
          special: (fault) => (fault === "vanish" ? () => this.onSent(messages.map(({ body }) => body)) : null),
        }),
    };
  }

  #later(message: Message, ms: number): void {
    this.open += 1;
    this.#scheduler.after(ms, () => {
      this.#waiting.push(message);
      this.#collect();
    });
  }

  #collect(): void {
    if (this.#collecting) return;
    this.#collecting = true;
    this.#scheduler.after(2, () => {
      this.#collecting = false;
      const batch = this.#waiting.splice(0, BATCH);
      if (batch.length > 0) this.#hand(batch);
      if (this.#waiting.length > 0) this.#collect();
    });
  }

  #hand(messages: Message[]): void {
    const { point, fault } = this.#scheduler.pass("consume", "batch");
    const chance = this.#scheduler.roll(`consume ${point.name}`);
    if (fault === "delay") {
      this.#scheduler.after(chance * 900_000, () => this.#deliver(messages, null, chance));
      return;
    }
    if (fault === "one by one") {
      for (const message of messages) this.#deliver([message], null, chance);
      return;
    }
    if (fault === "twice") {
      for (const message of messages)
        if (message.copy !== true) this.#later({ ...message, copy: true }, chance * 200_000);
    }
    this.#deliver(fault === "reverse" ? messages.toReversed() : messages, fault, chance);
  }

  #deliver(messages: readonly Message[], fault: string | null, chance: number): void {
    const began = this.#scheduler.now;
    const retried = new Map<Message, number>();
    const batch: Batch = {
      queue: "hookline-deliveries",
      messages: messages.map((message) => ({
        id: String(message.id),
        body: message.body,
        attempts: message.attempts,
        ack: () => retried.delete(message),
        retry: (options?: { delaySeconds?: number }) => retried.set(message, (options?.delaySeconds ?? 0) * 1000),
      })),
      retryAll: (options) => {
        for (const message of messages) retried.set(message, (options?.delaySeconds ?? 0) * 1000);
      },
      ackAll: () => retried.clear(),
    };
    const { done, invocation } = this.#consume(batch, CONSUMER_LIMIT_MS);
    if (fault === "kill before") invocation.isolate.kill();
    if (fault === "kill soon") this.#scheduler.after(chance * 80, () => invocation.isolate.kill());
    const again = (message: Message, ms: number) => {
      this.open -= 1;
      if (message.attempts <= MOST_RETRIES) this.#later({ ...message, attempts: message.attempts + 1 }, ms);
      else this.#bury(message);
    };
    done.then(
      () => {
        const acked = messages.filter((message) => !retried.has(message));
        this.open -= acked.length;
        this.onAcked(
          acked.map(({ body }) => body),
          began,
        );
        for (const [message, ms] of retried) again(message, ms);
      },
      () => {
        for (const message of messages) again(message, 1000 + chance * 9000);
      },
    );
  }

  #bury(message: Message): void {
    this.deadLetters += 1;
    const batch: Batch = {
      queue: "hookline-dead-letters",
      messages: [{ id: String(message.id), body: message.body, attempts: 1, ack: () => {}, retry: () => {} }],
      retryAll: () => {},
      ackAll: () => {},
    };
    this.#consume(batch, CONSUMER_LIMIT_MS).done.catch(() => {});
  }
}
