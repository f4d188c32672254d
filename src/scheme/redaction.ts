// What of an event nobody is shown, and what is kept only until its deliveries have ended. Types only.

/** Places whose values are taken out of what is kept. */
export interface Redaction {
  /** Names of headers, in lower case. */
  readonly headers: readonly string[];
  /** Names that lead to a value of the body; `*` is any of them. */
  readonly body: readonly (readonly string[])[];
}

/** What of an event is shown to nobody. */
export interface Hidden {
  /** The texts by which an answer could give it away, longest first. */
  readonly texts: readonly string[];
  /** Whether an answer could give it away by others, too: then nothing of one is kept, nor of the body. */
  readonly all: boolean;
}

/** What must not be kept of an event in the open. */
export interface Guarded {
  /** Set where it is kept sealed: then so is what its receivers answer. */
  readonly sealed?: true;
  /** What is shown to nobody; left out, there is nothing. */
  readonly hidden?: Hidden;
}

/** What an event was before it was redacted, but for its body. */
export interface WholeHead {
  readonly headers: Readonly<Record<string, string>>;
  readonly hidden: Hidden;
  /** In how many pieces its body is kept. */
  readonly pieces: number;
}
