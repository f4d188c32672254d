// Everything that an operator may look at and do, in one list. The API and the pages are two faces of it; neither knows more.
import type { ApiKey, AuditEntry, Caller, NewApiKey, Role } from "../contract/access.ts";
import type { DeliveryPage, EventPage, EventStory } from "../contract/history.ts";
import type {
  Cancelled,
  DestinationAnswer,
  Inspection,
  Replayed,
  ReplayFilter,
  ReplayJob,
  ReplayPreview,
  RouteAnswer,
  SentTo,
  Tested,
} from "../contract/operations.ts";
import type { Overview, RefusalAnswer, SourceAnswer } from "../contract/overview.ts";
import type { DeliveryFilter, EventFilter } from "../contract/filter.ts";
import type { Problem } from "../errors.ts";
import type { Question } from "../contract/question.ts";

/** What was asked for, or why not, in words for whoever asked. */
export type Done<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** Who asks, for the audit, and under which Idempotency-Key: a repeat with the same key gets the first answer. */
export interface By {
  readonly caller: Caller;
  readonly key: string | null;
}

/** What may be looked at. */
export interface Looks {
  events(question: Question<EventFilter>): Promise<EventPage>;
  deliveries(question: Question<DeliveryFilter>): Promise<DeliveryPage>;
  /** The body comes as it is stored, piece by piece: text, or base64 whose pieces may be joined. `null`: no such event. */
  event(id: string): Promise<{ readonly story: EventStory; readonly body: AsyncIterable<string> } | null>;
  /** @param hours how far back the counts go: 1 (steps of a minute), 24 (of 15 minutes) or 168 (of 2 hours) */
  overview(origin: string, hours: 1 | 24 | 168): Promise<Overview>;
  /** @param origin the relay's own, for the URLs that providers are given */
  sources(origin: string): Promise<{ sources: SourceAnswer[]; events_looked_back_to: string | null }>;
  refusals(source: string): Promise<Done<{ source: string; refusals: RefusalAnswer[] }>>;
  destinations(): Promise<DestinationAnswer[]>;
  destination(name: string): Promise<Done<DestinationAnswer>>;
  routes(): RouteAnswer[];
  /**
   * What arrived at an inspector, newest first: the last 100 are kept.
   *
   * @param shown id of the one whose body is wanted whole; the newest where there is none of that id. The others' are cut
   */
  inspections(destination: string, shown: string | null): Promise<Done<Inspection[]>>;
}

/** What may be done to deliveries and destinations. */
export interface Acts {
  /**
   * Opens ended deliveries again: all of an event's, or the one to `destination`.
   *
   * @param target with `failed`, what was delivered stays as it is
   */
  replay(target: { event: string; destination: string | null; failed?: boolean }, by: By): Promise<Done<Replayed>>;
  /** Ends what is waiting or held. What is under way goes on. */
  cancel(target: { event: string; destination: string | null }, by: By): Promise<Done<Cancelled>>;
  /** Sends an event to a destination that its routes do not name. */
  sendTo(event: string, destination: string, by: By): Promise<Done<SentTo>>;
  /** Sends an event of the relay's own, now and once, and tells the answer. */
  test(destination: string, by: By): Promise<Done<Tested>>;
  pause(destination: string, by: By): Promise<Done<DestinationAnswer>>;
  resume(destination: string, by: By): Promise<Done<DestinationAnswer>>;
  /** Changes what an inspector answers, until it is changed again; `null` goes back to the configured script. */
  script(destination: string, script: string | null, by: By): Promise<Done<DestinationAnswer>>;
}

/** Bulk replays. */
export interface Replays {
  preview(filter: ReplayFilter): Promise<Done<ReplayPreview>>;
  /** @param rate deliveries a minute, 1 to 6,000 */
  start(filter: ReplayFilter, rate: number, by: By): Promise<Done<ReplayJob>>;
  /** Newest first, the last 100. */
  list(): Promise<ReplayJob[]>;
  show(id: string): Promise<Done<ReplayJob>>;
  cancel(id: string, by: By): Promise<Done<ReplayJob>>;
}

/** API keys and the record of who did what. */
export interface Keys {
  list(): Promise<ApiKey[]>;
  /** @param days until it expires; `null` for never */
  create(name: string, role: Role, days: number | null, by: By): Promise<Done<NewApiKey>>;
  revoke(id: string, by: By): Promise<Done<ApiKey>>;
  /** Newest first, behind `cursor`. */
  audit(cursor: string | null): Promise<Done<{ entries: AuditEntry[]; next: string | null }>>;
}

/** Secrets that a provider handed over in its handshake, shown once. */
export interface Offers {
  reveal(source: string, by: By): Promise<Done<{ source: string; offers: OfferedSecret[]; advice: string }>>;
}

export interface OfferedSecret {
  readonly offered_at: string | null;
  readonly address: string;
  readonly secret: string;
}

export interface Operator extends Looks, Acts, Offers {
  readonly replays: Replays;
  readonly keys: Keys;
}
