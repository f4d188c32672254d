// When the object is woken next: the one alarm that it has, and how far the platform's clock is from ours.

export class Alarm {
  readonly #storage: DurableObjectStorage;
  readonly #now: () => number;
  #at: number | null = null;
  /**
   * How far the platform's clock is ahead of ours, in ms, by the last alarm: an object that is slow would ring itself
   * without end.
   */
  #ahead = 0;
  #recovering = false;

  constructor(storage: DurableObjectStorage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  /**
   * Without the stored alarm, an object that is restarted every few seconds would put its alarm off for ever.
   */
  async recover(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
    // The alarm that is ringing now is not in storage any more, and must not be judged by the one that comes next.
    this.#recovering = this.#at === null;
  }

  /** It rings now. */
  rang(): void {
    if (this.#at !== null && !this.#recovering) this.#ahead = Math.max(0, this.#at - this.#now());
    this.#recovering = false;
    this.#at = null;
  }

  /**
   * Makes it ring at `at` at the latest. What else this turn writes and the alarm survive together, or neither does.
   */
  arm(at: number): void {
    const ringsAt = at + this.#ahead;
    if (this.#at !== null && this.#at <= ringsAt) return;
    this.#at = ringsAt;
    void this.#storage.setAlarm(ringsAt);
  }
}
