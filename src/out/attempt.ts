// One attempt of one delivery: shape, send, conclude.
// It knows no row and no claim; noting what came of it is the caller's.
import { attemptMs } from "../deadlines.ts";
import type { Answer, Destination, Fault } from "../types.ts";
import type { Outgoing, Send } from "../net/send.ts";
import type { Bindings } from "./bindings.ts";
import { Unheard, type UnheardWhy } from "./unheard.ts";
import type { Keyed } from "./object-key.ts";
import type { Inspector } from "./inspector.ts";
import { conclude, type Conclusion, notSent, withoutAnswer } from "./conclude.ts";
import { parsed } from "../bytes/json.ts";
import { NO_KEYS, PLACES, type Vault } from "../bytes/vault.ts";
import type { Reshape } from "./reshape.ts";
import { longestFirst, secretParts } from "../net/excerpt.ts";
import { withQuery } from "../net/query.ts";
import { HOP, nextHop } from "../net/headers.ts";
import { spanOf } from "../net/trace.ts";
import { signsNow } from "../verify/in-force.ts";
import { Unproducible } from "./as.ts";
import { needsKey } from "./formats.ts";
import { type EventHead, shape } from "./shape.ts";
import { REDACTED_TEXT } from "../ids.ts";

export interface AttemptDeps {
  readonly send: Send;
  readonly inspector: Inspector;
  readonly bindings: Bindings;
  readonly now: () => number;
  readonly dice: () => number;
  /** Seals what the receivers of a sealed event answer. */
  readonly vault?: Vault;
  /** Makes another body where the route asks for one. */
  readonly reshape?: Reshape | undefined;
  /** Asked last of all, right before the send: whether it may begin now, where only so many may. */
  readonly takes?: () => boolean;
  /** Whether attempts are made that nobody has claimed. */
  readonly isFirst?: boolean;
  /** Told of a destination whose receiver wants no more deliveries at all. Never rejects. */
  readonly disable?: (destination: string) => Promise<void>;
}

/** Which attempt of a delivery it is. */
export interface Numbered {
  /** From 1, over all rounds: the receiver is told. */
  readonly attempt: number;
  /** Attempts made before this round: a replay begins the schedule anew. */
  readonly round: number;
  /** Of a delivery that was made because another of its event had failed: see `storyHeaders`. */
  readonly story?: string | null;
  /** By which route it goes; left out where nothing has routed it. */
  readonly route?: string;
  readonly transform?: number | null;
}

/**
 * @param destination as configured now; `undefined` where it was removed after the event was accepted
 * @param body gives the bytes as they were received, or `null` where they came too late for a send to begin
 * @returns `null` where there was no time to send, and otherwise why nobody was there to hear of it: the attempt was
 *   not made
 * @throws our own faults only
 */
export async function attempt(
  event: EventHead & { readonly receivedAt: number },
  destination: Destination | undefined,
  numbered: Numbered,
  body: () => Promise<Uint8Array | null>,
  deps: AttemptDeps,
): Promise<Conclusion | UnheardWhy | null> {
  const end = await tried(event, destination, numbered, body, deps);
  if (!isMade(end)) return end;
  const onFailed = destination?.onFailed;
  // Receivers say back what they were sent in spellings that nobody can list.
  const shown = event.hidden === undefined || end.excerpt === "" ? end : { ...end, excerpt: REDACTED_TEXT };
  const kept = await withSpan(
    destination === undefined || event.sealed !== true
      ? shown
      : await withSealedAnswer(shown, event, destination, deps),
    event,
    destination,
    numbered,
  );
  return kept.state !== "failed" || onFailed === undefined ? kept : { ...kept, onFailed };
}

/** The same with its place in the sender's trace, where something was sent. */
async function withSpan(
  end: Conclusion,
  event: EventHead,
  destination: Destination | undefined,
  numbered: Numbered,
): Promise<Conclusion> {
  const span = destination === undefined ? null : await spanOf(event, destination.name, numbered.attempt);
  return span === null ? end : { ...end, span: { trace: span.trace, span: span.span } };
}

/** The same with what was answered sealed, since it may say back what was sent. Without a key it is not kept at all. */
async function withSealedAnswer(
  end: Conclusion,
  { id }: EventHead,
  { name }: Pick<Destination, "name">,
  { vault = NO_KEYS }: AttemptDeps,
): Promise<Conclusion> {
  if (end.excerpt === "") return end;
  return { ...end, excerpt: await vault.seal(end.excerpt, PLACES.answer(id, name)).catch(() => "") };
}

/** Whether an attempt was made, so that it counts. */
export function isMade(end: Conclusion | UnheardWhy | null): end is Conclusion {
  return end !== null && typeof end !== "string";
}

async function tried(
  event: EventHead & { readonly receivedAt: number },
  destination: Destination | undefined,
  numbered: Numbered,
  body: () => Promise<Uint8Array | null>,
  deps: AttemptDeps,
): Promise<Conclusion | UnheardWhy | null> {
  const { attempt: number, round } = numbered;
  const startedAt = deps.now();
  if (destination === undefined) return notSent("cancelled", startedAt);
  const { retry: schedule } = destination;
  const attemptsMade = number - round;
  // Attempts whose answer was lost count too; they may have used up the schedule.
  if (attemptsMade > schedule.length + 1) return notSent("exhausted", startedAt);
  // Whoever replays an event wants it sent, however old it is.
  const until = destination.maxAgeMs === undefined || round > 0 ? null : event.receivedAt + destination.maxAgeMs;
  if (until !== null && startedAt > until) return notSent("expired", startedAt);

  const through = throughBinding(event, destination, number, deps);
  const fault = through === null ? "unbound" : obstacle(event, signsNow(destination, startedAt));
  let answer: Answer | UnheardWhy | null;
  if (fault !== null) answer = withoutAnswer(fault);
  else {
    const bytes = await body();
    if (bytes === null) return null;
    answer = await sent(event, destination, numbered, bytes, deps);
    if (answer === null || typeof answer === "string") return answer;
  }
  if (answer.asked === "disable") await deps.disable?.(destination.name);
  const { statuses: rules } = destination;
  return conclude(answer, { schedule, attemptsMade, startedAt, until, rules }, deps.now(), deps.dice);
}

/** Shapes and sends it, by the body that its route makes of it. `null`, or why, where it may not begin. */
async function sent(
  event: EventHead & { readonly receivedAt: number },
  destination: Destination,
  numbered: Numbered,
  bytes: Uint8Array,
  deps: AttemptDeps,
): Promise<Answer | UnheardWhy | null> {
  const made = (await deps.reshape?.(event, destination, numbered, bytes)) ?? { ok: true, event, body: bytes };
  if (!made.ok) return { ...withoutAnswer(made.fault), excerpt: made.error };
  const { attempt: number, story = null } = numbered;
  const at = deps.now();
  // Only now is it known when it is signed: what its body needs may have taken a while.
  const signing = signsNow(destination, at);
  if (isUnsigned(signing)) return withoutAnswer("unsigned");
  const shaped = await shape(made.event, signing, number, made.body, at).catch(orUnproducible);
  if (shaped instanceof Unproducible) return { ...withoutAnswer("unproducible"), excerpt: shaped.message };
  const { hidden = [], query = {}, ...request } = shaped;
  const isOwn = made.body === bytes && request.body === bytes;
  const where = addressed(event, signing, numbered, { proof: hidden, isOwn }, deps);
  const headers = { ...request.headers, ...storyHeaders(story) };
  const unheard = new Unheard(throughBinding(event, destination, number, deps)?.reach);
  if (deps.takes?.() === false) return null;
  const answer = await deps.send({ ...request, headers, ...where, ...unheard.way, url: withQuery(where.url, query) });
  return unheard.why === "later" ? null : (unheard.why ?? answer);
}

/** The way to its binding, and nothing where it has none; `null` where the binding is not there. */
function throughBinding(
  event: Keyed,
  destination: Destination,
  number: number,
  { bindings, isFirst = false }: AttemptDeps,
): Pick<Outgoing, "reach"> | null {
  const { binding } = destination;
  if (binding === undefined) return {};
  const reach = bindings(binding, event, { attempt: number, isFirst, timeoutMs: attemptMs(destination) });
  return reach === null ? null : { reach };
}

/** @throws what is no fault of the event */
function orUnproducible(error: unknown): Unproducible {
  if (error instanceof Unproducible) return error;
  throw error;
}

/** What a receiver is told of the delivery that has failed before this one was made. */
function storyHeaders(story: string | null): Record<string, string> {
  if (story === null) return {};
  const told = Object.entries(Object(parsed(story))).filter(([, value]) => value !== null);
  return Object.fromEntries(told.map(([name, value]) => [`hookline-failed-${name}`, String(value)]));
}

/** Why nothing can be sent. What the operator still has to put is no reason to give up: the schedule goes on. */
function obstacle({ headers }: EventHead, destination: Destination): Fault | null {
  const { url, script, binding, shape: asked } = destination;
  if (url === null && script === undefined && binding === undefined) return "unaddressed";
  if (asked !== undefined && asked.unset.length > 0) return "unfilled";
  if (isUnsigned(destination)) return "unsigned";
  return nextHop(headers[HOP], url) === null ? "loop" : null;
}

function isUnsigned({ keys, shape: asked }: Pick<Destination, "keys" | "shape">): boolean {
  return keys.length === 0 && needsKey(asked?.format);
}

/**
 * Where it goes, how, and which texts are a secret; `proof` are those that would prove another request. `isOwn` says
 * whether the body is the event's, to the byte.
 */
function addressed(
  { id, sealed, hidden: redacted }: EventHead,
  destination: Destination,
  { attempt: n, round }: Numbered,
  { proof, isOwn }: { readonly proof: readonly string[]; readonly isOwn: boolean },
  { inspector }: AttemptDeps,
): Omit<Outgoing, "headers" | "body"> {
  const { name, url, keys, script, secretUrl, shape: asked } = destination;
  const hidden = asked === undefined || proof.length === 0 ? asked?.hidden : longestFirst([...proof, ...asked.hidden]);
  const ways = asked === undefined ? {} : { method: asked.method, timeoutMs: asked.timeoutMs, hidden: hidden ?? [] };
  if (script !== undefined) {
    const to = { name, keys, script, ...(asked === undefined ? {} : { shape: asked }) };
    return {
      ...ways,
      url: asked?.url ?? "",
      reach: inspector({
        destination: to,
        event: id,
        attempt: n,
        nth: n - round,
        hidden: hidden ?? [],
        sealed: sealed === true,
        ...(redacted === undefined ? {} : { redacted: { ...redacted, isOwn } }),
      }),
    };
  }
  // Who is bound here has agreed to it.
  if (asked?.origin !== undefined && destination.binding === undefined)
    return { ...ways, url: asked.url ?? "", consent: { origin: asked.origin, headers: asked.headers } };
  if (asked !== undefined) return { ...ways, url: asked.url ?? "" };
  return { url: url ?? "", hidden: secretUrl === true && url !== null ? secretParts(url) : [] };
}
