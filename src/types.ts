// The nouns of the relay, and nothing else: this file imports no value and does nothing.
import type { Shape } from "./scheme/shape.ts";

/** Who may post to `/in/:source`, and how its requests are proven. */
export interface Source {
  readonly name: string;
  /** Key into the provider catalogue, a short form (`hmac`, `bearer`), or `custom` for a scheme of the source's own. */
  readonly provider: string;
  /** Secrets that are set, newest first. Empty means: refuse everything (I-13), never skip verification. */
  readonly secrets: readonly Secret[];
  /** Names of the secrets that would be accepted, for messages to the operator. */
  readonly secretNames: readonly string[];
  /** Networks that may connect; empty admits every address, unless `allowPublished` is set. */
  readonly allow: readonly Network[];
  /** Whether the provider's published addresses may connect as well (`allow = ["provider"]`). */
  readonly allowPublished: boolean;
  /** `null` where no limit is configured. */
  readonly rate: Rate | null;
  /** Largest body in bytes; the default is 1 MiB, the ceiling 25 MiB (GitHub's own maximum). */
  readonly maxBody: number;
  /** How long a repeat counts as one, in ms, by turns of the clock; `null` for as long as events are kept. */
  readonly dedupeWindowMs: number | null;
  /** The URL that the provider was given, for schemes that sign it. */
  readonly publicUrl: string | null;
  /** Settings that a scheme asks for by name (`{cfg:name}` in the catalogue's terms). */
  readonly settings: Readonly<Record<string, string>>;
}

/** A secret with the name under which the operator knows it. The value never leaves the process. */
export interface Secret {
  readonly name: string;
  readonly value: string;
  /** When it ends, in ms: from then on it proves and signs nothing. Left out, it has no end. */
  readonly until?: number;
}

/** An address range in canonical form: the first address as a number, and how many leading bits count. */
export interface Network {
  readonly version: 4 | 6;
  readonly base: bigint;
  readonly bits: number;
}

/** `burst` requests at once, refilled evenly over `periodMs`. */
export interface Rate {
  readonly burst: number;
  readonly periodMs: number;
}

/** Where events go. */
export interface Destination {
  readonly name: string;
  /** `null` while the secret that holds it is not set: attempts end as `unaddressed` and are tried again. */
  readonly url: string | null;
  /** Set where it is reached by a binding of the Worker: beside a URL that a service sees, or in its place. */
  readonly binding?: Binding;
  /** Set where the relay itself answers, and keeps what arrives for people to look at: an inspector, without a URL. */
  readonly script?: Script;
  /** The URL is itself a secret: nothing of it is kept, not even where the destination says it back. */
  readonly secretUrl?: boolean;
  /** Waits before the second, third … attempt, in milliseconds; the first attempt is immediate. */
  readonly retry: readonly number[];
  /** Statuses, or hundreds (4 for 4xx), that end a delivery at once, and those that do not; an exact one wins. */
  readonly statuses?: { readonly giveUpOn: readonly number[]; readonly retryOn: readonly number[] };
  /** Where goes what has ended as failed here. */
  readonly onFailed?: string;
  /** How old an event may become before it is not attempted any more, in ms. */
  readonly maxAgeMs?: number;
  /** Of the events that it gets: told to the receiver, and transforms go by it; `fetches` where one reads `object`. */
  readonly version?: string;
  readonly fetches?: true;
  /** When it stops being asked again and again; `false` for never, and `undefined` for the relay's own rule. */
  readonly breaker?: BreakerRule | false;
  /** How many it gets in a time, and at once; absent where nobody counts. */
  readonly limits?: { readonly rate?: Rate; readonly concurrency?: number };
  /** Standard Webhooks signing keys, newest first: every attempt carries one signature for each. */
  readonly keys: readonly SigningKey[];
  /** Which of its events must not overtake each other; absent where all may. */
  readonly order?: Order;
  /** How what it gets differs from a signed POST of the bytes as they came; absent where it differs in nothing. */
  readonly shape?: Shape;
}

/** Another Worker, a queue, e-mail, whoever listens (under the destination's name), or a bucket with its keys. */
export type Binding =
  | { readonly kind: "service" | "queue" | "email"; readonly name: string }
  | { readonly kind: "tunnel"; readonly name: string }
  | { readonly kind: "r2"; readonly name: string; readonly key: string };

/**
 * Events of the same source, or with the same value at a place, go out one after another; `stops` where one that has
 * failed for good stops those behind it.
 */
interface Order {
  /** As it was written: `source`, or a path. */
  readonly by: string;
  readonly stops: boolean;
}

/** A breaker opens after so many failures in a row, over this many ms at least. */
export interface BreakerRule {
  readonly failures: number;
  readonly overMs: number;
}

/** What an inspector answers, attempt by attempt; the last step repeats. */
export interface Script {
  /** As it was written. */
  readonly text: string;
  readonly steps: readonly Step[];
}

/**
 * An answer for so many attempts. `hang` never comes, `slow` begins and does not end in time,
 * `reset` breaks the connection.
 */
export type Step =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly times: number;
      /** Seconds, or `null` to say nothing of it. */
      readonly retryAfter: number | null;
    }
  | { readonly kind: "hang" | "slow" | "reset"; readonly times: 1 };

/** Either derived from the relay's one signing key, or a secret of the destination's own. */
export type SigningKey =
  | { readonly kind: "derived"; readonly from: Secret }
  | { readonly kind: "own"; readonly secret: Secret };

/**
 * How the bytes of a body are kept. D1 turns a bound BLOB into an array of numbers (71 to 106 ms a MiB),
 * so a body is TEXT when it is strictly UTF-8 and base64 otherwise.
 */
export type Encoding = "text" | "base64";

/** One accepted request. `id` is stable over the sender's repeats; `receipt` names this very acceptance. */
export interface Event {
  readonly id: string;
  readonly receipt: string;
  readonly source: string;
  readonly type: string;
  /** Milliseconds since 1970 UTC, as every time in the relay. */
  readonly receivedAt: number;
  /** Name of the secret that verified it; `null` where the scheme has none. */
  readonly verifiedBy: string | null;
  /** The inbound headers that are kept and forwarded, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly encoding: Encoding;
  /** Bytes of the body as received. */
  readonly size: number;
  /** `null` where the body is kept in `parts` rows of its own. */
  readonly body: string | null;
  readonly parts: number;
  /** Decided now, from the configuration of this moment, and journaled with the event. */
  readonly matched: readonly Match[];
  /** Routes whose `when` could not be decided; left out where there is none. */
  readonly undecided?: readonly Undecided[];
}

/** A route that could not say whether it wants an event, and why. */
export interface Undecided {
  readonly route: string;
  readonly error: string;
}

/** One destination that an event goes to, and the route that sends it there. */
export interface Match {
  readonly destination: string;
  readonly route: string;
  /** 1 where the route transforms what goes there: it may not go there as it came, whatever becomes of the route. */
  readonly transform?: 1;
  /** 1 where the sender waits for its answer. */
  readonly reply?: 1;
  /** What it has in common with events that it must not overtake there, nor they it: a hash. */
  readonly order?: string;
}

/** What Intake answers. */
export type Acceptance =
  | { readonly kind: "accepted"; readonly id: string; readonly first?: Granted }
  | { readonly kind: "duplicate"; readonly id: string }
  | { readonly kind: "limited"; readonly retryAfterMs: number }
  /** Its name stands for another content. */
  | { readonly kind: "reused" }
  | {
      readonly kind: "busy";
      readonly why: string;
      /** Whether the event may be in the journal all the same: a try had no answer, and its first attempts may be granted. */
      readonly mayBeKept?: boolean;
    };

/** Which of the offered first attempts the isolate that accepted an event may make now, and for which it may ask. */
export interface Granted {
  readonly go: readonly string[];
  readonly wait: readonly string[];
  /**
   * Whoever answered, to be asked for what waits:
   * calls on it belong to the request that is answered, and are not billed.
   */
  readonly desk?: Desk;
}

/** Where the isolate that has just had an event accepted asks for its grants. */
export interface Desk {
  /**
   * Waits for the decision on one destination;
   * `null` where the queue has it, `unknown` where an earlier life may have granted it.
   */
  ask(destination: string): Promise<Grant | "unknown" | null>;
  /** Of a stub: nobody will ask any more. */
  [Symbol.dispose]?(): void;
}

/**
 * What Intake says to an isolate that asked for a grant: it was given `ageMs` ago, and the question was held for
 * `heldMs`. The isolate takes from it, by its own clock alone, how old the grant is at most.
 */
export interface Grant {
  readonly ageMs: number;
  readonly heldMs: number;
}

/**
 * Every state names its mover (`docs/states.md`).
 * - `pending`     due at `dueAt`; moved by deliver, rescued by sweep
 * - `delivering`  leased until `leaseUntil`; settled by deliver, freed by sweep
 * - `delivered`   ended; opened again only by a replay
 * - `failed`      ended with a `Reason`; opened again by a replay or by the sender's own repeat
 * - `held`        its destination is paused, or its breaker open; moved by the sweep, or as the next probe
 */
export type State = "pending" | "delivering" | "delivered" | "failed" | "held";

/**
 * Why a delivery failed.
 * - `exhausted`  the schedule ended
 * - `gone`       the destination answered 410
 * - `blocked`    the destination's address may not be contacted
 * - `cancelled`  the destination was removed from the configuration, or an operator ended it
 * - `expired`    older than `max_age`, or its destination failed for as long as its whole schedule lasts
 * - `refused`    the answer is one that ends it: by the destination's own rules, or because the receiver said so
 */
export type Reason = "exhausted" | "gone" | "blocked" | "cancelled" | "expired" | "refused";

/** A doorbell: ids only, the D1 row is the truth. `attempt` is the number of the attempt that it asks for. */
export interface Bell {
  readonly v: 1;
  /** `evt_…:destination` */
  readonly delivery: string;
  readonly attempt: number;
  /** When the attempt is due; a bell that arrives early rings again. */
  readonly due: number;
  /** Bytes of the body, so that an invocation can keep within its budget of queries and memory. */
  readonly size: number;
  /** It has waited for a place at its destination already, and comes before what has not. */
  readonly back?: true;
}

/** What the destination's answer means. */
export type Outcome =
  | { readonly kind: "delivered" }
  | { readonly kind: "retry"; readonly retryAfterMs: number | null }
  | { readonly kind: "failed"; readonly reason: Reason };

/** What one attempt saw. */
export interface Answer {
  /** HTTP status, or `null` where there was none. */
  readonly status: number | null;
  /** Why there was no answer that counts: a fixed word, never the text of an exception. */
  readonly fault: Fault | null;
  /** From the start of the attempt to the end of the answer that was read, in milliseconds. */
  readonly latencyMs: number;
  /** The first bytes of the answer, as text. */
  readonly excerpt: string;
  /** Retry-After as received, bounded later. */
  readonly retryAfter: string | null;
  /** What else the receiver asks for (`webhook-delivery`): no more of this message, or no more at all. */
  readonly asked?: "abort" | "disable";
}

export type Fault =
  | "timeout"
  | "connection"
  | "redirect"
  | "blocked"
  | "unsigned"
  | "unaddressed"
  | "unbound"
  | "unresolved"
  | "inward"
  | "challenged"
  | "unfilled"
  | "untransformed"
  | "unhydrated"
  | "unproducible"
  | "unconsented"
  | "lost"
  | "loop";
