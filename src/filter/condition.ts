// What a condition is asked, and what it answers. Types only.

/** What a filter and a transform read of an event (`namesOf`). */
export interface Names {
  /** `receivedAt` in ISO 8601. */
  readonly event: { readonly id: string; readonly type: string; readonly receivedAt: string };
  /** The source's name. */
  readonly source: string;
  /** Those that are kept, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON document of the body; `null` where it is none. */
  readonly body: unknown;
}

/** Whether a condition wants an event, or why it cannot say. */
export type Decided = { readonly ok: true; readonly wanted: boolean } | { readonly ok: false; readonly error: string };

/** The `when` of a route. */
export interface Condition {
  /** As it was written. */
  readonly text: string;
  /** Never throws. */
  readonly decide: (of: Names) => Decided;
  /** The paths that it reads and what stands there, as JSON and cut; `null` where there is nothing. */
  readonly reads: (of: Names) => { readonly path: string; readonly value: string | null }[];
}
