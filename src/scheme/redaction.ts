// What of an event nobody is shown, and what is kept only until its deliveries have ended. Types only.

/** Places whose values are taken out of what is kept. */
export interface Redaction {
  /** Names of headers, in lower case. */
  readonly headers: readonly string[];
  /** Names that lead to a value of the body; `*` is any of them. */
  readonly body: readonly (readonly string[])[];
}

/** Of an event that is redacted. */
export interface Hidden {
  /** Gives its body as it may be shown; left out where nobody is shown one. */
  readonly shown?: () => Promise<Uint8Array>;
  /** Its headers as they may be shown. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What must not be kept of an event in the open. */
export interface Guarded {
  /** Set where it is kept sealed: then so is what its receivers answer. */
  readonly sealed?: true;
  /** Set where values were taken out: nothing that may say them is kept of its deliveries. */
  readonly hidden?: Hidden;
}

/** What an event was before it was redacted, but for its body. */
export interface WholeHead {
  readonly headers: Readonly<Record<string, string>>;
  /** In how many pieces its body is kept. */
  readonly pieces: number;
}
