// What D1 knows of what is wrong. Types only.
import type { Mute } from "./mutes.ts";

/** Whether anything goes on at all. Times are in ms. */
export interface Pulse {
  /** When the newest event was received, and the newest refusal came. */
  readonly eventAt: number | null;
  readonly refusalAt: number | null;
  /** When the sweep has to look next: what lies in the past is late. */
  readonly lookAt: number | null;
  /** 1 while a destination fails, deliveries have failed, or an alert is open or owed. */
  readonly troubled: number;
  /** What should have begun long ago, before the sweep puts it off. */
  readonly overdue: readonly Overdue[];
}

/** A destination whose last attempts have failed, by D1's clock. */
interface Trouble {
  readonly destination: string;
  readonly failures: number;
  readonly since: number;
  readonly lastAt: number;
  readonly status: number | null;
  readonly fault: string | null;
  readonly openedAt: number | null;
}

/** Deliveries of one destination that have failed for good, or letters that it got, by D1's clock. */
export interface Failures {
  readonly kind: "failed" | "letters";
  readonly destination: string;
  readonly count: number;
  readonly since: number;
  readonly lastAt: number;
  /** The last of them. */
  readonly event: string | null;
  /** Of letters, the destination where it failed. */
  readonly reason: string | null;
  readonly status: number | null;
  readonly fault: string | null;
}

/** Events of one source that went nowhere lately. */
interface Astray {
  readonly source: string;
  readonly count: number;
  readonly since: number;
  readonly event: string;
}

/** Deliveries of one destination that should have begun long ago, out of the 200 that are looked at next. */
export interface Overdue {
  readonly destination: string;
  readonly count: number;
  readonly since: number;
}

/** A refusal that was kept lately: twenty of a source at most. */
interface Turned {
  readonly source: string;
  readonly at: number;
  readonly code: string;
  readonly advice: string;
}

/** What D1 knows of what is wrong. */
export interface Wrong {
  readonly clock: number;
  readonly breakers: readonly Trouble[];
  readonly failures: readonly Failures[];
  readonly unrouted: readonly Astray[];
  readonly undecided: readonly Astray[];
  readonly refusals: readonly Turned[];
  readonly mutes: readonly Mute[];
  /** Since when nothing can be moved to the archive, and why; `null` while it can. */
  readonly archive: { readonly since: number; readonly error: string } | null;
}
