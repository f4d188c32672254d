// How is an object asked for that a thin event names? Types only.

/** Where the objects are that thin events name, and how they are asked for. */
export interface Hydrate {
  /** An https origin. */
  readonly from: string;
  /** Where in the body the object's path stands, as it is written, such as `related_object.url`. */
  readonly path: string;
  /** With their secrets in place. */
  readonly headers: Readonly<Record<string, string>>;
  /** Every spelling of those secrets. */
  readonly hidden: readonly string[];
  /** Names of the secrets, and of those that are not set: without them nothing is fetched. */
  readonly sent: readonly string[];
  readonly unset: readonly string[];
}
