// What D1 is asked of ids that may have come before. Types only.

/** An event that is in D1. */
export interface KnownEvent {
  readonly id: string;
  /** Of its own acceptance. */
  readonly receipt: string;
  /** 1 where a repeat would open one of its deliveries again. */
  readonly opens: number;
}

/** Which of these events D1 has. */
export type AskRepeats = (ids: readonly string[]) => Promise<KnownEvent[]>;

/** The same, and which destinations are paused at that moment. */
export type AskKnown = (ids: readonly string[]) => Promise<{ events: KnownEvent[]; paused: string[] }>;
