// What a transform is given and what it makes, and which of a route's is a destination's. Pure.

/** The body that a transform makes, or why it makes none: a sentence for the operator. */
export type Transformed =
  | { readonly ok: true; readonly kind: "json" | "text"; readonly body: string }
  | { readonly ok: false; readonly error: string };

/** The `transform` of a route. */
export interface Transform {
  /** As it was written. */
  readonly text: string;
  /** Those of the names (`event`, `source`, `headers`, `body`, `object`) that it may read. */
  readonly reads: ReadonlySet<string>;
  /** Gives the same for the same event. Never throws. */
  readonly apply: (names: object) => Transformed;
}

/** The transforms of a route: one for all, or by the version that a destination has pinned. */
export interface Transforms {
  /** For destinations without a version, and for versions that have none of their own; `null` where there is none. */
  readonly otherwise: Transform | null;
  readonly versions: Readonly<Record<string, Transform>>;
}

/** The one for a destination; `null` where its version has none. */
export function transformFor(
  { otherwise, versions }: Transforms,
  { version }: { readonly version?: string },
): Transform | null {
  return version !== undefined && Object.hasOwn(versions, version) ? (versions[version] ?? otherwise) : otherwise;
}
