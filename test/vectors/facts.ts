// How each sender of the catalogue signs, as the tests know it: typed, from facts.json alone. Shares nothing with src/.

import table from "./facts.json" with { type: "json" };

type Maybe<T> = T | null | undefined;

/** A scheme as the facts write it; README.md explains the words. */
export interface Scheme {
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
  /** Whether the sender sends several at once while it rotates its keys. */
  readonly multi?: Maybe<boolean>;
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
  /** Who names the tolerance: `sdk`, `spec`, `recommended` (a document), `none`, or `relay` where no number is anywhere. */
  readonly enforce?: Maybe<string>;
}

/** What a JSON Web Token of this sender claims. */
export interface Token {
  /** `issuer` where each customer has one of its own. */
  readonly iss?: Maybe<string>;
  /** Whether the algorithm of the facts may be used with any SHA-2. */
  readonly anyHash?: Maybe<boolean>;
  /** The claim that holds the SHA-256 of the body, in `enc`. */
  readonly bodyHashClaim?: Maybe<string>;
  /** The claim that holds the SHA-256 of the URL. */
  readonly urlHashClaim?: Maybe<string>;
  readonly enc?: Maybe<string>;
  /** Seconds since `iat`. */
  readonly iatMaxAge?: Maybe<number>;
  /** Whether the token is for one URL. */
  readonly aud?: Maybe<boolean>;
  /** Whether the token holds Atlassian's hash of method, path and query. */
  readonly qsh?: Maybe<boolean>;
  readonly exp?: Maybe<boolean>;
  /** Whether it has both `iat` and `exp`. */
  readonly iatExp?: Maybe<boolean>;
  /** Whether it has both `exp` and `nbf`. */
  readonly expNbf?: Maybe<boolean>;
}

export interface Facts {
  readonly id: string;
  /** How the facts were established: `sdk`, `doc`, `secondary` or `recall`. */
  readonly confidence: string;
  readonly scheme: Scheme;
}

/** Every sender of the catalogue. */
export const facts: readonly Facts[] = table;
