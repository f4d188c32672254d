// The bytes of a request, as far as they are allowed to come. What is declared is reserved before it is read, and what
// is not is counted while it streams.
import { concatenated } from "../bytes/encoding.ts";
import type { Result } from "../errors.ts";
import { floodKey } from "../net/cidr.ts";

/** A sender has this long for its body, in ms. */
const DEADLINE_MS = 30_000;
/** Bodies in flight in one isolate, in bytes: it has 128 MB, and a body exists as bytes and as text for a moment. */
const MOST_IN_FLIGHT = 48 * 1024 * 1024;
/** What one address may hold of it beside its first body, in bytes: nobody alone keeps all others out. */
const MOST_OF_ONE = MOST_IN_FLIGHT / 2;
/** What a request is counted for beside its body, in bytes: however small, it has headers, a context and a timer. */
const OVERHEAD = 4 * 1024;

/** No request lasts this long, in ms: where a sender hangs up, the platform may end its request without a word. */
const ABANDONED_MS = 60_000;

/**
 * How fast a body must come where others need the room: after two seconds, 32 KiB a second. Memory is reserved for what
 * is declared, and whoever declares without sending would have it for nothing.
 */
const GRACE_MS = 2_000;
const SLOWEST_PER_MS = 32;

interface Held {
  readonly since: number;
  /** The address's name for the count, `null` where it is not counted. */
  readonly key: string | null;
  /** Reserved for it. */
  reserved: number;
  /** What has come so far. */
  came: number;
  /** Ends its reading; `null` once it has been read. */
  giveUp: (() => void) | null;
}

/** Up to this size a body of declared length is read in one piece, in bytes. */
const SMALL = 64 * 1024;

/** Reads bodies for one isolate and keeps count of what is in memory. */
export class BodyReader {
  readonly #now: () => number;
  readonly #deadlineMs: number;
  readonly #held = new Set<Held>();
  readonly #heldBy = new Map<string, number>();
  #inFlight = 0;

  constructor(now: () => number, deadlineMs = DEADLINE_MS) {
    this.#now = now;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Reads the body and hands it to `use`; its bytes count as in flight until `use` has ended.
   *
   * @param limit the source's own limit in bytes
   * @param address of the client; `null` for one that may hold as much as there is
   */
  async with<T>(
    request: Request,
    limit: number,
    use: (body: Result<Uint8Array>) => Promise<T>,
    address: string | null = null,
  ): Promise<T> {
    const key = address === null ? null : floodKey(address);
    const held: Held = { since: this.#now(), key, reserved: 0, came: 0, giveUp: null };
    this.#held.add(held);
    try {
      return await use(await this.#read(request, limit, held));
    } finally {
      this.#release(held);
    }
  }

  #release(held: Held): void {
    if (this.#held.delete(held)) this.#count(held, -held.reserved);
  }

  #count(held: Held, bytes: number): void {
    held.reserved += bytes;
    this.#inFlight += bytes;
    if (held.key === null) return;
    const all = (this.#heldBy.get(held.key) ?? 0) + bytes;
    if (all > 0) this.#heldBy.set(held.key, all);
    else this.#heldBy.delete(held.key);
  }

  /** Why there is no room for so many bytes more, or `null` once they are reserved. */
  #reserve(held: Held, bytes: number): string | null {
    if (!this.#fits(held, bytes)) this.#makeRoom(held, bytes);
    if (!this.#held.has(held) || this.#inFlight + bytes > MOST_IN_FLIGHT) return "too many bodies in flight";
    if (!this.#fits(held, bytes)) return "too many bodies of one address in flight";
    this.#count(held, bytes);
    return null;
  }

  #fits(held: Held, bytes: number): boolean {
    if (this.#inFlight + bytes > MOST_IN_FLIGHT) return false;
    const all = held.key === null ? 0 : (this.#heldBy.get(held.key) ?? 0);
    return all === held.reserved || all + bytes <= MOST_OF_ONE;
  }

  /** Takes it from those that are gone, and then from those that are too slow, oldest first. */
  #makeRoom(wanting: Held, bytes: number): void {
    for (const held of this.#held) {
      if (this.#fits(wanting, bytes)) return;
      const age = this.#now() - held.since;
      const slow = held.giveUp !== null && age > GRACE_MS && held.came < age * SLOWEST_PER_MS;
      if (held === wanting || (!slow && age <= ABANDONED_MS)) continue;
      this.#release(held);
      held.giveUp?.();
    }
  }

  async #read(request: Request, limit: number, held: Held): Promise<Result<Uint8Array>> {
    // Trusted to refuse, which spares both sides the transfer, and to reserve: the framing holds the sender to it.
    const declared = Number(request.headers.get("content-length") ?? 0) || 0;
    if (declared > limit) return { ok: false, rejection: { reason: "body_too_large", limit } };
    const why = this.#reserve(held, OVERHEAD + declared);
    if (why !== null) return busy(why);
    if (request.body === null) return { ok: true, value: new Uint8Array(0) };
    let timer: ReturnType<typeof setTimeout> | null = null;
    const late = new Promise<"late">((resolve) => {
      held.giveUp = () => resolve("late");
      timer = setTimeout(held.giveUp, this.#deadlineMs);
    });
    try {
      return declared > 0 && declared <= SMALL
        ? await this.#readWhole(request, limit, held, late)
        : await this.#readInChunks(request.body.getReader(), limit, held, late);
    } catch {
      // The sender went away, or sent something that is no HTTP body.
      return { ok: false, rejection: { reason: "body_broken" } };
    } finally {
      held.giveUp = null;
      if (timer !== null) clearTimeout(timer);
    }
  }

  /** What nearly every request is: a small body of a declared length, which the framing holds it to. */
  async #readWhole(request: Request, limit: number, held: Held, late: Promise<"late">): Promise<Result<Uint8Array>> {
    const whole = await Promise.race([request.arrayBuffer(), late]);
    if (whole === "late") return this.#tooSlow(held);
    if (whole.byteLength > limit) return { ok: false, rejection: { reason: "body_too_large", limit } };
    const why = this.#came(held, whole.byteLength);
    return why === null ? { ok: true, value: new Uint8Array(whole) } : busy(why);
  }

  async #readInChunks(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    limit: number,
    held: Held,
    late: Promise<"late">,
  ): Promise<Result<Uint8Array>> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const next = await Promise.race([reader.read(), late]);
      if (next === "late") return hangUp(reader, this.#tooSlow(held));
      if (next.done) return { ok: true, value: concatenated(chunks) };
      const { byteLength } = next.value;
      if (held.came + byteLength > limit)
        return hangUp(reader, { ok: false, rejection: { reason: "body_too_large", limit } });
      const why = this.#came(held, byteLength);
      if (why !== null) return hangUp(reader, busy(why));
      chunks.push(next.value);
    }
  }

  /** Notes bytes that have come; why there is no room for those that were not declared, or `null`. */
  #came(held: Held, bytes: number): string | null {
    const beyond = OVERHEAD + held.came + bytes - held.reserved;
    const why = beyond > 0 ? this.#reserve(held, beyond) : null;
    if (why === null) held.came += bytes;
    return why;
  }

  #tooSlow({ since }: Held): Result<never> {
    return {
      ok: false,
      rejection: { reason: "body_too_slow", waitedMs: Math.min(this.#deadlineMs, this.#now() - since) },
    };
  }
}

function busy(why: string): Result<never> {
  return { ok: false, rejection: { reason: "busy", why, retryAfterMs: 1000 } };
}

function hangUp<T>(reader: ReadableStreamDefaultReader<Uint8Array>, result: T): T {
  void reader.cancel().catch(() => {});
  return result;
}
