// The first attempts of an event, from the isolate that has just accepted it: body, route and keys are in its hands.
import type { Guarded } from "../scheme/redaction.ts";
import { attemptMs, GRANT_MS, hasHung, outlasts } from "../deadlines.ts";
import type { FirstEnd, FirstOutcome, Replied, Unreplied } from "../d1/settlement.ts";
import type { Log } from "../log.ts";
import type { Acceptance, Desk, Destination, Event, Grant, Granted, Rate } from "../types.ts";
import { attempt, type AttemptDeps, isMade } from "./attempt.ts";
import { INLINE_BYTES } from "../bytes/body.ts";
import { type AcceptanceLine, openAcceptance } from "./lines.ts";
import type { Awaiting, Reply } from "../net/reply.ts";
import { sleep } from "../patience.ts";
import type { LimitDoor } from "../limit/door.ts";
import type { Turn } from "../limit/turn.ts";
import { counted } from "./work.ts";
import { ABANDONED_MS, type Pace } from "./pace.ts";

/** An invocation has six connections that wait for headers; two are for the relay's own calls. */
const MOST_DESTINATIONS = 4;
/** Bodies that one isolate may hold for first attempts, in bytes: it has 128 MB for everything. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Outcomes of one event that come within this time are told together, in ms: each call to the object is billed. */
const TOGETHER_MS = 20;

/** What an object of an earlier release grants. */
const NONE: Granted = { go: [], wait: [] };

/** An event that asks for its first attempts, and how its acceptance is named. */
export interface Held {
  readonly event: Pick<Event, "id" | "receipt" | "source" | "type" | "receivedAt" | "headers" | "size" | "matched"> &
    Guarded;
  readonly rate: Rate | null;
  readonly together?: string;
  readonly body: Uint8Array;
  /** Its sender waits for the answer of one of them. */
  readonly awaited?: Awaiting | null;
}

interface Accepted {
  readonly id: string;
  readonly receipt: string;
  readonly source: string;
  readonly rate: Rate | null;
  readonly together?: string;
  readonly size: number;
}

export interface FirstDeps extends AttemptDeps {
  readonly config: { readonly destinations: ReadonlyMap<string, Destination> };
  readonly pace: Pick<Pace, "isSlow" | "heard">;
  readonly limits: LimitDoor;
  /** Whether nobody has listened to a tunnel of late. */
  readonly isSilent?: (tunnel: string) => boolean;
  readonly intake: {
    grant(of: Accepted, destination: string, desk?: Desk): Promise<Grant | "unknown" | null>;
    ended(of: Accepted, outcomes: readonly FirstOutcome[]): Promise<void>;
  };
  readonly log: Log;
}

/** What goes on beside the attempts of one event. */
interface Beside {
  readonly line: AcceptanceLine;
  /** Places that are given back: the invocation has to live until that is told. */
  readonly closing: Promise<void>[];
}

/** First attempts of one isolate. */
export class FirstAttempts {
  readonly #deps: FirstDeps;
  /** Events whose bodies are held, the oldest first. */
  readonly #held = new Set<{ readonly bytes: number; readonly since: number }>();
  #bytes = 0;

  constructor(deps: FirstDeps) {
    this.#deps = { ...deps, isFirst: true };
  }

  /** Destinations to which this isolate could send the event at once. All others are the queue's. */
  offers({ size, matched }: Pick<Event, "size" | "matched">): string[] {
    const { config, pace, limits, now } = this.#deps;
    if (size > INLINE_BYTES) return [];
    this.#forget(now());
    if (this.#bytes + size > MOST_BYTES) return [];
    // Who comes first is known once D1 has the event.
    return matched
      .filter(({ order }) => order === undefined)
      .toSorted((a, b) => (b.reply ?? 0) - (a.reply ?? 0))
      .map(({ destination }) => destination)
      .filter((name) => {
        const destination = config.destinations.get(name);
        if (destination === undefined || destination.script !== undefined) return false;
        const { url, binding } = destination;
        if (binding?.kind === "tunnel" && this.#deps.isSilent?.(name) === true) return false;
        if ((url === null && binding === undefined) || outlasts(destination) || pace.isSlow(name, now())) return false;
        return destination.limits === undefined || !limits.isFull(name);
      })
      .slice(0, MOST_DESTINATIONS);
  }

  /**
   * Makes the attempts that are granted, and tells how they ended. Never rejects.
   *
   * @param offered what `offers` gave, and Intake was offered
   * @param accepting Intake's answer
   * @param accepted writes the log line of the acceptance with the ends that are known by then:
   *   called once where the answer is `accepted`, and otherwise never
   */
  async make(
    held: Held,
    offered: readonly string[],
    accepting: Promise<Acceptance>,
    accepted: (first: readonly FirstEnd[]) => void,
  ): Promise<void> {
    const { now, intake, log } = this.#deps;
    const { event, rate, together } = held;
    const { id, receipt, source, size } = event;
    const of = { id, receipt, source, rate, ...(together === undefined ? {} : { together }), size };
    const askedAt = now();
    const place = { bytes: event.size, since: askedAt };
    this.#held.add(place);
    this.#bytes += event.size;
    try {
      const answer = await accepting;
      // Nobody has heard what was granted. The queue gets it now, and not when its lease has ended.
      if (answer.kind === "busy" && answer.mayBeKept === true) await intake.ended(of, offered.map(toUnsent));
      if (answer.kind !== "accepted") return;
      const { go, wait, desk } = answer.first ?? NONE;
      const line = openAcceptance(accepted, log);
      const beside: Beside = { line, closing: [] };
      const nothing = { ageMs: 0, heldMs: 0 };
      const asked = now();
      const asking = wait.map(async (destination) => await intake.grant(of, destination, desk));
      // The object cannot rest, and its time is billed, for as long as somebody holds a part of it.
      void Promise.allSettled(asking).then(() => desk?.[Symbol.dispose]?.());
      const attempts = [
        ...go.map((destination) => this.#one(held, beside, destination, askedAt, nothing)),
        ...wait.map(async (destination, n) => {
          const grant = (await asking[n]) ?? null;
          if (grant === null) return null;
          return await this.#one(held, beside, destination, asked, grant === "unknown" ? null : grant);
        }),
      ];
      giveUpAfter(attempts, [...go, ...wait], held.awaited ?? null);
      await Promise.all([Promise.all(attempts).finally(() => line.close()), this.#tell(of, attempts)]);
      await Promise.all(beside.closing);
    } catch (error) {
      log.error("delivery.broken", { event: event.id, offered, error: String(error) });
    } finally {
      held.awaited?.take("unsent");
      if (this.#held.delete(place)) this.#bytes -= event.size;
    }
  }

  /**
   * The platform ends an invocation without a word some 30 s after its answer:
   * what was held for it never leaves by itself.
   */
  #forget(now: number): void {
    for (const place of this.#held) {
      if (now - place.since <= ABANDONED_MS) return;
      this.#held.delete(place);
      this.#bytes -= place.bytes;
    }
  }

  /**
   * Tells outcomes as they come: one destination that hangs holds up nobody else's.
   * What ends in the same moment goes along.
   */
  async #tell(of: Accepted, attempts: readonly Promise<FirstOutcome | null>[]): Promise<void> {
    const { intake } = this.#deps;
    const ended: FirstOutcome[] = [];
    let telling: Promise<void> | null = null;
    const tell = async () => {
      if (attempts.length > 1) await sleep(TOGETHER_MS);
      telling = null;
      await intake.ended(of, ended.splice(0));
    };
    await Promise.all(
      attempts.map(async (attempting) => {
        const outcome = await attempting;
        if (outcome === null) return;
        ended.push(outcome);
        telling ??= tell();
        await telling;
      }),
    );
  }

  /**
   * @param grant `null` where it may have gone lost: whoever was asked hears that nothing was sent
   * @returns `null` where nobody can tell how it ended
   */
  async #one(
    held: Held,
    { line, closing }: Beside,
    destination: string,
    askedAt: number,
    grant: Grant | null,
  ): Promise<FirstOutcome | null> {
    const { config, pace, now, log } = this.#deps;
    const { event, body } = held;
    const unsent = toUnsent(destination);
    const awaited = held.awaited?.destination === destination ? held.awaited : null;
    const configured = config.destinations.get(destination);
    // The grant is no older than its age when it was told, and the way that the question and its answer took.
    if (grant === null || grant.ageMs + (now() - askedAt - grant.heldMs) > GRANT_MS) return unsent;
    const turn = await this.#turn(configured);
    try {
      const way = event.matched.find((one) => one.destination === destination);
      const number = { attempt: 1, round: 0, ...way };
      const bytes = async () => await Promise.resolve(body);
      const counting = turn === null ? this.#deps : counted(this.#deps, turn);
      const { deps, replied } = listening(counting, awaited);
      const made = turn?.go === 0 ? null : await attempt(event, configured, number, bytes, deps);
      if (made === null || !isMade(made)) return unsent;
      pace.heard(destination, hasHung(made, attemptMs(configured)), now());
      line.ended({ ...made, id: event.id, destination, attempt: 1 });
      return { ...made, destination, ...replied() };
    } catch (error) {
      // Ours: nobody knows whether it was sent, and the lease ends.
      log.error("delivery.broken", { delivery: `${event.id}:${destination}`, attempt: 1, error: String(error) });
      return null;
    } finally {
      if (turn !== null) closing.push(turn.close());
    }
  }

  /** The place of one attempt where a destination takes only so many; what gets none is the queue's. */
  async #turn(destination: Destination | undefined): Promise<Turn | null> {
    if (destination?.limits === undefined) return null;
    const { name, limits } = destination;
    const wish = { destination: name, want: 1, back: 0, limits, attemptMs: attemptMs(destination), leaves: true };
    return await this.#deps.limits.ask(wish);
  }
}

function toUnsent(destination: string): FirstOutcome {
  return { destination, state: "unsent" };
}

/** Nobody waits for an answer longer than for the attempt that would bring it; there may be none. */
function giveUpAfter(attempts: readonly Promise<unknown>[], to: readonly string[], awaited: Awaiting | null): void {
  if (awaited === null) return;
  const over = () => void awaited.take("unsent");
  const attempting = attempts[to.indexOf(awaited.destination)];
  if (attempting === undefined) over();
  else void attempting.then(over, over);
}

/** The way out by which the sender hears the answer that it waits for, and what it has got by then. */
function listening(
  deps: AttemptDeps,
  awaited: Awaiting | null,
): { deps: AttemptDeps; replied: () => { replied?: Replied } } {
  if (awaited === null) return { deps, replied: () => ({}) };
  const heard = (said: Reply | Unreplied) => void awaited.take(said);
  return {
    deps: { ...deps, send: async (request) => await deps.send({ ...request, heard }) },
    replied: () => ({ replied: awaited.take("unsent") }),
  };
}
