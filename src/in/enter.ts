// From a proven request to a durable event: what it is, where it goes, and what its sender is told.
import type { Acceptance, Event, Undecided } from "../types.ts";
import type { AskNamesake } from "../d1/repeats.ts";
import type { FirstEnd } from "../d1/settlement.ts";
import type { Config, ConfiguredSource } from "../config/configured.ts";
import type { IntakeDoor } from "../intake/door.ts";
import type { Log } from "../log.ts";
import { type Bodiless, keepBody, type KeepDeps, type Kept } from "./keep.ts";
import { readMessage } from "./message.ts";
import type { Guarded } from "../scheme/redaction.ts";
import type { Rejection } from "../errors.ts";
import { type News, responseOf } from "./greet.ts";
import { type HandshakeAnswer, plainReply, replyTo } from "./handshake.ts";
import { documentOf, identify, type Identity, together } from "./identify.ts";
import { keep, onItsWay, traceOf } from "./headers.ts";
import { idOf } from "./event-id.ts";
import { receiptId } from "../ids.ts";
import { type Inbound, Readings } from "../verify/readings.ts";
import { inOrder } from "./order.ts";
import { Awaited, wordsOf } from "./reply.ts";
import { type Destined, match } from "./route.ts";
import { namesOf } from "../filter/names.ts";
import type { Awaiting } from "../net/reply.ts";
import { within } from "../patience.ts";

export interface EnterDeps extends KeepDeps {
  readonly config: Pick<Config, "routes" | "destinations">;
  readonly intake: Omit<IntakeDoor, "holds">;
  /** Asked of names that stand for one content. */
  readonly namesake: AskNamesake;
  readonly first: FirstAttempts;
  /** 32 random hexadecimal digits. */
  readonly newId: () => string;
  /** Told how long a sender has waited for its 2xx, in ms. */
  readonly acked: (ms: number) => void;
  readonly log: Log;
}

/** The first attempts that the isolate which accepts an event may make itself. */
interface FirstAttempts {
  /** Destinations to which it could send at once. */
  offers(event: Pick<Event, "size" | "matched">): string[];
  /**
   * Makes those that are granted, and tells how they ended. Never rejects.
   *
   * @param accepted writes the line of the acceptance: called once, soon, where the answer is `accepted`
   */
  make(
    held: {
      readonly event: Bodiless & Guarded;
      readonly body: Uint8Array;
      /** Its sender waits for the answer of one of them. */
      readonly awaited?: Awaiting | null;
    } & Pick<ConfiguredSource, "rate" | "together">,
    offered: readonly string[],
    accepting: Promise<Acceptance>,
    accepted: (first: readonly FirstEnd[]) => void,
  ): Promise<void>;
}

/** Keeps the invocation alive after the answer. */
export interface After {
  waitUntil(work: Promise<void>): void;
}

/**
 * Turns a request away, in its provider's words if there are any.
 * Whoever has looked at the request hands it over, for the diagnosis.
 */
export type Refuse = (rejection: Rejection, inbound?: Inbound, words?: Response | null) => Response;

/**
 * Has a proven request accepted, and answers its sender. The first attempts go on in `after`.
 *
 * @param waits whether it is the sender itself that hears the answer, and may get that of a destination
 */
export async function enter(
  inbound: Inbound,
  source: ConfiguredSource,
  { verifiedBy, news, waits = true }: { verifiedBy: string | null; news: News | null; waits?: boolean },
  deps: EnterDeps,
  refuse: Refuse,
  after: After | undefined,
): Promise<Response> {
  // Before anything is kept: never is it kept unsealed in the place of sealed.
  if ((source.encrypt === true || source.redact !== undefined) && deps.vault.fault !== null)
    return refuse({ reason: "key_missing", why: deps.vault.fault });
  const said = source.scheme.message === undefined ? null : readMessage(inbound, source.scheme);
  if (said !== null && "reason" in said) return refuse(said);
  const identified = identify(said?.named ?? inbound, source.scheme, source.settings);
  // Stored under a type that it may not have, it would go nowhere without a word.
  if (identified.excess !== undefined) return refuse({ reason: "body_too_complex", what: identified.excess });
  if (news === null && identified.lacks !== undefined)
    return refuse({ reason: "body_not_json", where: identified.lacks }, inbound);
  const identity = news === null ? identified : { ...identified, type: together([news.type]), types: [news.type] };
  const now = deps.now();
  const eventId = await idOf(identity, source, now, inbound.body, deps.newId);
  const sole = identity.dedupe?.sole === true;
  if (sole && (await isTaken(eventId, deps))) return refuse({ reason: "name_reused", field: said?.field ?? "id" });
  const sent = said?.kept(eventId, now) ?? inbound;
  const { body } = sent;
  const { reply: wanted, ...event } = await eventOf(sent, source, identity, { id: eventId, now, verifiedBy }, deps);
  const asked = news === null && waits && after !== undefined ? wanted : undefined;

  const reply = news?.words ?? wordsFor(inbound, source, asked !== undefined);
  // D1 and the journal are waited for, and a document takes many times the memory of its bytes.
  for (const one of new Set([inbound, sent])) Readings.of(one).forget();

  const { id, receipt, size, matched, receivedAt } = event;
  const kept = await keepBody(event, body, source, deps);
  if ("reason" in kept) return refuse(kept);

  const inParts = (kept.row?.parts ?? 0) > 0;
  const offered = kept.row === null || inParts || after === undefined ? [] : deps.first.offers(event);
  const accepting: Promise<Acceptance> = kept.ended
    ? Promise.resolve({ kind: "duplicate", id })
    : deps.intake.accept({
        id,
        receipt,
        source: source.name,
        ...spreadBy(source),
        row: kept.row === null ? "" : JSON.stringify(kept.row),
        bells: [
          id,
          size,
          matched.map(({ destination }) => destination),
          { source: event.source, type: event.type, receivedAt },
        ],
        repeat: kept.repeat,
        inParts,
        keyed: identity.dedupe !== null,
        ...(sole ? { sole } : {}),
        first: offered,
      });
  const write = openLine(event, deps.log);
  const told = { ...event, ...(source.encrypt === true ? { sealed: true as const } : {}), ...hiddenOf(kept) };
  // Before the answer: a sender who hangs up ends the request, and may have been accepted.
  const awaited = asked === undefined ? null : new Awaited(asked, now, deps.now, offered);
  if (offered.length > 0)
    after?.waitUntil(
      deps.first.make({ event: told, ...spreadBy(source), body, awaited }, offered, accepting, (first) =>
        write("accepted", first),
      ),
    );
  const answer = await accepting;
  if (answer.kind === "duplicate" || (answer.kind === "accepted" && offered.length === 0)) write(answer.kind, []);
  // Whatever else was answered, they may be needed.
  const unwanted = !["accepted", "busy"].includes(answer.kind);
  if (unwanted && inParts) await deps.parts.drop(receipt).catch(() => {});
  if (answer.kind === "reused") return refuse({ reason: "name_reused", field: said?.field ?? "id" });
  if (answer.kind === "accepted" || answer.kind === "duplicate") deps.acked(deps.now() - receivedAt);
  // A repeat hears no answer: nobody keeps the first one.
  const own = answer.kind === "accepted" ? ((await awaited?.answer(id, deps.log)) ?? null) : null;
  return conclude(answer, refuse, own === null ? reply : wordsOf(own));
}

function hiddenOf({ hidden }: Kept): Guarded {
  return hidden === undefined ? {} : { hidden };
}

/** Writes the line of an acceptance: an event and its first attempts are one story. */
function openLine({ id, source, type, size, matched, headers, undecided = [] }: Bodiless, log: Log) {
  const trace = traceOf(headers);
  return (status: "accepted" | "duplicate", first: readonly FirstEnd[]) => {
    const traced = trace === null ? {} : { trace_id: trace };
    const fields = {
      id,
      source,
      type,
      size,
      status,
      destinations: matched.length,
      ...traced,
      ...whichFailed(undecided),
    };
    log.info("ingest.accepted", first.length === 0 ? fields : { ...fields, first });
  };
}

/** What the sender hears of an acceptance, also one that waits for an answer; `null` where any 2xx will do. */
function wordsFor(inbound: Inbound, { scheme, settings, secrets }: ConfiguredSource, waits: boolean) {
  const plain = waits ? plainReply(inbound, scheme, settings) : null;
  return plain ?? replyTo(inbound, scheme, settings, "accepted", secrets);
}

/** What of a source decides which object has its events. */
function spreadBy({ rate, together: name }: ConfiguredSource): Pick<ConfiguredSource, "rate" | "together"> {
  return name === undefined ? { rate } : { rate, together: name };
}

/** D1 has this long to say whether a name stands for another content, in ms. */
const NAMESAKE_MS = 1_000;

/**
 * Whether D1 knows another content of this name. While D1 is silent, Intake alone judges by what it remembers: another
 * content is then an event of its own, and nothing is lost.
 */
async function isTaken(id: string, { namesake, log }: EnterDeps): Promise<boolean> {
  try {
    return await within(NAMESAKE_MS, "D1", namesake(id));
  } catch (error) {
    log.warn("ingest.name_unchecked", { id, error: String(error) });
    return false;
  }
}

/** The event, but for its body; and where it goes. */
async function eventOf(
  inbound: Inbound,
  source: ConfiguredSource,
  identity: Identity,
  { id, now, verifiedBy }: { readonly id: string; readonly now: number; readonly verifiedBy: string | null },
  deps: EnterDeps,
): Promise<Bodiless & Pick<Destined, "reply">> {
  const { body } = inbound;
  const told = {
    id,
    source: source.name,
    type: identity.type,
    receivedAt: now,
    headers: keep(inbound, source, deps),
  };
  // Decided now: what the routes say later does not change what was promised.
  const names = namesOf(told, () => documentOf(inbound, source));
  const { matched: wanted, undecided, reply } = match(deps.config.routes, source.name, identity.types, names);
  const matched = await inOrder(wanted, names, deps.config.destinations);
  return {
    ...told,
    receipt: receiptId(now, deps.newId()),
    verifiedBy,
    headers: onItsWay(told.headers, inbound, source, matched, deps),
    size: body.byteLength,
    matched,
    ...(undecided.length === 0 ? {} : { undecided }),
    ...(reply === undefined ? {} : { reply }),
  };
}

/** Routes that could not decide, for the line of the acceptance: the reason may quote the body, and stays in D1. */
function whichFailed(undecided: readonly Undecided[]) {
  return undecided.length === 0 ? {} : { undecided: undecided.map(({ route }) => route) };
}

function conclude(
  answer: Exclude<Acceptance, { kind: "reused" }>,
  refuse: Refuse,
  reply: HandshakeAnswer | null,
): Response {
  switch (answer.kind) {
    case "accepted":
    case "duplicate":
      if (reply === null) return Response.json({ id: answer.id, status: answer.kind });
      // The sender reads the body; whoever looks for the id finds it beside.
      return responseOf({ ...reply, headers: { ...reply.headers, "hookline-event-id": answer.id } });
    case "limited":
      return refuse({ reason: "rate_limited", retryAfterMs: answer.retryAfterMs });
    case "busy":
      return refuse({ reason: "busy", why: answer.why, retryAfterMs: 5000 });
  }
}
