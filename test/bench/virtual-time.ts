// A clock that jumps from one thing to the next, and a server that does one thing at a time; pure.

/** Virtual time, in ms. */
export class Clock {
  now = 0;
  #heap: { readonly at: number; readonly n: number; readonly run: () => void }[] = [];
  #n = 0;

  after(ms: number, run: () => void): void {
    const heap = this.#heap;
    const one = { at: this.now + ms, n: (this.#n += 1), run };
    let at = heap.push(one) - 1;
    for (let up = (at - 1) >> 1; at > 0 && before(one, heap[up]); up = (at - 1) >> 1) {
      heap[at] = heap[up] ?? one;
      at = up;
    }
    heap[at] = one;
  }

  run(end: number): void {
    for (let next = this.#pop(); next !== undefined && next.at < end; next = this.#pop()) {
      this.now = next.at;
      next.run();
    }
  }

  #pop() {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      const right = heap[down + 1];
      if (right !== undefined && before(right, heap[down])) down += 1;
      const child = heap[down];
      if (child === undefined || !before(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

function before(one: { at: number; n: number }, other: { at: number; n: number } | undefined): boolean {
  return other !== undefined && (one.at < other.at || (one.at === other.at && one.n < other.n));
}

/** Does one thing at a time, in the order in which it is asked. */
export class Server {
  readonly #clock: Clock;
  #freeAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get behind(): number {
    return this.#freeAt - this.#clock.now;
  }

  ask(ms: number, done: () => void): void {
    this.#freeAt = Math.max(this.#freeAt, this.#clock.now) + ms;
    this.#clock.after(this.#freeAt - this.#clock.now, done);
  }
}
