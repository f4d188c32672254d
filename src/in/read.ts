// The bytes of a request, as far as they are allowed to come. Counted while they stream: Content-Length is never trusted to admit.
import type { Result } from "../errors.ts";

/** A sender has this long for its body, in ms. */
const DEADLINE_MS = 30_000;
/** Bodies in flight in one isolate, in bytes: it has 128 MB, and a body exists as bytes and as text for a moment. */
const MOST_IN_FLIGHT = 48 * 1024 * 1024;

/** No request lasts this long, in ms: where a sender hangs up, the platform may end its request without a word. */
const ABANDONED_MS = 60_000;

interface Held {
  bytes: number;
  readonly since: number;
}

/** Up to this size a body of declared length is read in one piece, in bytes. */
const SMALL = 64 * 1024;

/** Reads bodies for one isolate and keeps count of what is in memory. */
export class BodyReader {
  readonly #now: () => number;
  readonly #deadlineMs: number;
  readonly #held = new Set<Held>();
  #inFlight = 0;

  constructor(now: () => number, deadlineMs = DEADLINE_MS) {
    this.#now = now;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Reads the body and hands it to `use`; its bytes count as in flight until `use` has ended.
   *
   * @param limit the source's own limit in bytes
   */
  async with<T>(request: Request, limit: number, use: (body: Result<Uint8Array>) => Promise<T>): Promise<T> {
    const held = { bytes: 0, since: this.#now() };
    this.#held.add(held);
    try {
      return await use(await this.#read(request, limit, held));
    } finally {
      this.#release(held);
    }
  }

  #release(held: Held): void {
    if (this.#held.delete(held)) this.#inFlight -= held.bytes;
  }

  /** Whether so many bytes more would be too many. */
  #isFull(bytes: number): boolean {
    if (this.#inFlight + bytes <= MOST_IN_FLIGHT) return false;
    for (const held of this.#held) if (this.#now() - held.since > ABANDONED_MS) this.#release(held);
    return this.#inFlight + bytes > MOST_IN_FLIGHT;
  }

  async #read(request: Request, limit: number, held: Held): Promise<Result<Uint8Array>> {
    // Trusted to refuse, which spares both sides the transfer.
    const declared = Number(request.headers.get("content-length") ?? 0);
    if (declared > limit) return { ok: false, rejection: { reason: "body_too_large", limit } };
    let timer: ReturnType<typeof setTimeout> | null = null;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.#deadlineMs);
    });
    try {
      if (declared > 0 && declared <= SMALL) return await this.#readWhole(request, limit, held, late);
      if (request.body === null) return { ok: true, value: new Uint8Array(0) };
      return await this.#readInChunks(request.body.getReader(), limit, held, late);
    } catch {
      // The sender went away, or sent something that is no HTTP body.
      return { ok: false, rejection: { reason: "body_broken" } };
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
  }

  /** What nearly every request is: a small body of a declared length, which the framing holds it to. */
  async #readWhole(request: Request, limit: number, held: Held, late: Promise<"late">): Promise<Result<Uint8Array>> {
    const whole = await Promise.race([request.arrayBuffer(), late]);
    if (whole === "late") return this.#tooSlow();
    if (whole.byteLength > limit) return { ok: false, rejection: { reason: "body_too_large", limit } };
    held.bytes = whole.byteLength;
    this.#inFlight += whole.byteLength;
    return { ok: true, value: new Uint8Array(whole) };
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
      if (next === "late") return hangUp(reader, this.#tooSlow());
      if (next.done) return { ok: true, value: join(chunks, held.bytes) };
      const { byteLength } = next.value;
      if (held.bytes + byteLength > limit)
        return hangUp(reader, { ok: false, rejection: { reason: "body_too_large", limit } });
      if (this.#isFull(byteLength)) {
        const why = "too many bodies in flight";
        return hangUp(reader, { ok: false, rejection: { reason: "busy", why, retryAfterMs: 1000 } });
      }
      chunks.push(next.value);
      held.bytes += byteLength;
      this.#inFlight += byteLength;
    }
  }

  #tooSlow(): Result<never> {
    return { ok: false, rejection: { reason: "body_too_slow", waitedMs: this.#deadlineMs } };
  }
}

function hangUp<T>(reader: ReadableStreamDefaultReader<Uint8Array>, result: T): T {
  void reader.cancel().catch(() => {});
  return result;
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
