// How each sender of the catalogue signs, as the tests know it: typed, from facts.json alone. Shares nothing with src/.

import table from "./facts.json" with { type: "json" };

type Maybe<T> = T | null | undefined;

/** A scheme as the facts write it; README.md explains the words. */
interface Scheme {
  readonly alg: string;
  readonly sig?: Maybe<Signature>;
  readonly ts?: Maybe<Timestamp>;
  /** The signed content: `{body}`, `{ts}`, `{url}`, `{h:Header-Name}` and so on. */
  readonly msg?: Maybe<string>;
  /** How the secret becomes a key. */
  readonly key?: Maybe<string>;
  readonly jwt?: Maybe<Token>;
  /** Headers that this sender always sends, with these values. */
  readonly sent?: Maybe<Readonly<Record<string, string>>>;
  /** A hash of the body that is not in the signed content itself. */
  readonly bodyHash?: unknown;
  /** What no template expresses, in words. */
  readonly bespoke?: Maybe<string>;
}

export interface Signature {
  readonly in: string;
  readonly name: string;
  readonly format?: Maybe<string>;
  readonly prefix?: Maybe<string>;
  readonly enc?: Maybe<string>;
  readonly sep?: Maybe<string>;
  readonly key?: Maybe<string>;
  readonly tag?: Maybe<string>;
  readonly group?: Maybe<string>;
}

export interface Timestamp {
  readonly in: string;
  readonly name: string;
  readonly unit: string;
  /** Tolerance in seconds. */
  readonly tol?: Maybe<number>;
  /** Who demands the tolerance: `sdk`, `spec`, `recommended` or `none`. */
  readonly enforce?: Maybe<string>;
}

/** What a JSON Web Token of this sender claims. */
interface Token {
  readonly iss?: Maybe<string>;
  readonly bodyHashClaim?: Maybe<string>;
  readonly urlHashClaim?: Maybe<string>;
  readonly enc?: Maybe<string>;
  readonly iatMaxAge?: Maybe<number>;
}

export interface Facts {
  readonly id: string;
  /** How the facts were established: `sdk`, `doc`, `secondary` or `recall`. */
  readonly confidence: string;
  readonly scheme: Scheme;
}

/** Every sender of the catalogue. */
export const facts: readonly Facts[] = table;
