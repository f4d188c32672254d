// A destination that gets its events in the order of a key, in the test's hands.
import { CANCEL } from "../../../src/d1/deeds/cancel.ts";
import { REPLAY } from "../../../src/d1/deeds/replay.ts";
import { openD1 } from "../../../src/d1/open.ts";
import type { Wanted } from "../../../src/d1/store.ts";
import type { Bell, Destination } from "../../../src/types.ts";
import { idOf } from "./hands.ts";
import { bindings, rows } from "./relay.ts";
import { Round } from "./round.ts";

export class Ordered {
  readonly round = new Round();
  readonly d1 = openD1(bindings.DB);
  #asked = 0;

  constructor() {
    this.configure({});
  }

  /** The destination `first`, with waits of one and two seconds. */
  configure(change: Partial<Destination>, stops = false): void {
    this.round.configure("first", [1000, 2000], { order: { by: "body.key", stops }, breaker: false, ...change });
  }

  async accept(n: number, key: string | null = "a", to = "first"): Promise<Bell[]> {
    const match = { destination: to, route: "all", ...(key === null ? {} : { order: key }) };
    return await this.round.accept(n, [to], { matched: [match] });
  }

  /** The same for several, in their order. */
  async acceptAll(...numbers: readonly number[]): Promise<Bell[]> {
    const bells: Bell[] = [];
    for (const n of numbers) bells.push(...(await this.accept(n)));
    return bells;
  }

  /** Numbers of the events that were sent, in the order of their sending. */
  get sent(): number[] {
    return this.round.sent.map(({ headers }) => Number.parseInt(headers["webhook-id"]?.slice(4) ?? "", 10));
  }

  async state(n: number) {
    const [row] = await rows(
      `SELECT state, reason, attempt, waits, look_at, order_key FROM deliveries
       WHERE event = (SELECT seq FROM events WHERE id = ?1)`,
      idOf(n),
    );
    return row;
  }

  async seq(n: number): Promise<number> {
    return Number((await rows("SELECT seq FROM events WHERE id = ?1", idOf(n)))[0]?.["seq"]);
  }

  /** Rings what was rung, and what that rings, as far as it is due. */
  async drain(): Promise<void> {
    for (let bells = this.round.take(); bells.length > 0; bells = this.round.take())
      await this.round.ring(bells.filter(({ due }) => due <= this.round.clock));
  }

  async replay(n: number): Promise<readonly Bell[]> {
    const facts = { event: await this.seq(n), destinations: ["first"] };
    return (await this.d1.once(REPLAY, this.#asking("replay"), facts, this.round.clock)).bells;
  }

  async cancel(n: number): Promise<void> {
    const facts = { event: await this.seq(n), destinations: ["first"] };
    await this.d1.once(CANCEL, this.#asking("cancel"), facts, this.round.clock);
  }

  #asking(action: string) {
    this.#asked += 1;
    return { action, target: "test", actor: "admin", receipt: `asked-${this.#asked}`, key: null };
  }
}

/** The number of the event that a bell is for. */
export const numberOf = ({ delivery }: Bell): number => Number.parseInt(delivery.slice(4, 36), 10);

export const wantedOf = ({ delivery, attempt }: Bell): Wanted => ({
  event: delivery.slice(0, 36),
  destination: delivery.slice(37),
  attempt,
});
