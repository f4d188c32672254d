// The operator's words: who asks, what may be looked at, and the one shape of what may be done.
// Types only; open.ts composes them.
import type * as z from "zod/mini";
import type { Config } from "../config/configured.ts";
import type { ApiKey, AuditEntry, Caller } from "../contract/access.ts";
import type { ActName, AnswerTo, OrderOf, PathsOf, TargetOf } from "../contract/acts.ts";
import type { AlertsAnswer, alertParameters } from "../contract/alerts.ts";
import type { DeliveryFilter, EventFilter } from "../contract/filter.ts";
import type { DeliveryPage, EventPage, EventStory } from "../contract/history.ts";
import type {
  DestinationAnswer,
  filterParameters,
  Inspection,
  ReplayJob,
  ReplayPreview,
  RouteAnswer,
} from "../contract/operations.ts";
import type { RoutesTried } from "../contract/routing.ts";
import type { Overview, RefusalAnswer, SecretUse, SourceAnswer } from "../contract/overview.ts";
import type { Question } from "../contract/question.ts";
import type { Tables } from "../d1/open.ts";
import type { Problem } from "../errors.ts";
import type { Log } from "../log.ts";
import type { AttemptDeps } from "../out/attempt.ts";
import type { Ring } from "../out/bells.ts";

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
  /**
   * The body comes as it is stored, piece by piece: text, or base64 whose pieces may be joined. `null`: no such event.
   */
  event(id: string): Promise<{ readonly story: EventStory; readonly body: AsyncIterable<string> } | null>;
  /** @param hours how far back the counts go: 1 (steps of a minute), 24 (of 15 minutes) or 168 (of 2 hours) */
  overview(origin: string, hours: 1 | 24 | 168): Promise<Overview>;
  /** @param origin the relay's own, for the URLs that providers are given */
  sources(origin: string): Promise<{ sources: SourceAnswer[]; events_looked_back_to: string | null }>;
  /** Which of its secrets verified what came in the last 24 hours. */
  secrets(source: string): Promise<Done<SecretUse>>;
  refusals(source: string): Promise<Done<{ source: string; refusals: RefusalAnswer[] }>>;
  destinations(): Promise<DestinationAnswer[]>;
  destination(name: string): Promise<Done<DestinationAnswer>>;
  routes(): RouteAnswer[];
  /** Which routes of today an event would take, and why not the others. */
  tries(event: string): Promise<Done<RoutesTried>>;
  /**
   * What arrived at an inspector, newest first: the last 100 are kept.
   *
   * @param shown id of the one whose body is wanted whole; the newest where there is none of that id.
   * The others' are cut
   */
  inspections(destination: string, shown: string | null): Promise<Done<Inspection[]>>;
}

/** Bulk replays, as they may be looked at. */
export interface ReplayLooks {
  /** @param rate deliveries a minute, for which is foretold what it would use; left out, the usual one */
  preview(filter: z.output<typeof filterParameters>, rate?: number): Promise<Done<ReplayPreview>>;
  /** Newest first, the last 100. */
  list(): Promise<ReplayJob[]>;
  show(id: string): Promise<Done<ReplayJob>>;
}

/** What somebody is told of. */
export interface AlertLooks {
  /** Alerts, newest first, and the rules that raise them. */
  list(asked: z.output<typeof alertParameters>): Promise<AlertsAnswer>;
}

/** API keys and the record of who did what. */
export interface KeyLooks {
  list(): Promise<ApiKey[]>;
  /** Newest first, behind `cursor`. */
  audit(cursor: string | null): Promise<Done<{ entries: AuditEntry[]; next: string | null }>>;
}

/** One order, whichever face it comes from: what it is about, who asks, and what is ordered beyond that. */
export type Verb<Name extends ActName> = (
  target: TargetOf<PathsOf<Name>>,
  by: By,
  ...order: OrderOf<PathsOf<Name>>
) => Promise<Done<AnswerTo<PathsOf<Name>>>>;

/** Every act of the contract's table. What is composed in open.ts is held to it. */
export type Acts = { readonly [Name in ActName]: Verb<Name> };

/** What every verb is given; each says what it takes of it. */
export interface VerbDeps extends AttemptDeps {
  readonly config: Pick<Config, "sources" | "destinations" | "adminToken">;
  readonly tables: Tables;
  readonly ring: Ring;
  /** Has the sweep look at this time, in ms, at the latest. */
  readonly remind: (at: number) => Promise<void>;
  /**
   * Ends the granting of first attempts for a destination whose pause was committed.
   * Returns the objects that have not confirmed it.
   */
  readonly confirmPause: (destination: string) => Promise<string[]>;
  /** How a destination stands, for verbs that answer with it. */
  readonly destination: Looks["destination"];
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly log: Log;
}
