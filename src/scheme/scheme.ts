// The schema of a sender's description, for the catalogue, an operator's own sender in wrangler.toml,
// the docs and the dashboard. Data only.

// "zod/mini" in all that the Worker runs: 11 KB of the bundle after gzip with its English,
// where "zod" took 28 (docs/adr/0008).
import * as z from "zod/mini";
import { keys, networks } from "./published.ts";
import { deliveries } from "./deliveries.ts";
import { answer, awaited, handshake } from "./handshake.ts";
import { encoding, place, template } from "./text.ts";

const algorithms = [
  "hmac-sha1",
  "hmac-sha256",
  "hmac-sha384",
  "hmac-sha512",
  "sha1",
  "sha256",
  "ed25519",
  "ecdsa-p256-sha1",
  "ecdsa-p256-sha256",
  "rsa-sha1",
  "rsa-sha256",
  "rsa-sha512",
  "jwt",
  "jws-detached",
  "token",
  "basic",
] as const;

const jwsAlgorithms = [
  "HS256",
  "HS384",
  "HS512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

const secretForms = [
  "text",
  "hex",
  "base64",
  "whsec",
  "whsec-or-text",
  "after-colon",
  "oauth1",
  "sha1",
  "html",
  "user:password",
  "public",
  "public-or-text",
] as const;

/** Forms of a part of the signed content; `parts.ts` says what each admits. */
const formNames = [
  "seconds",
  "millis",
  "iso",
  "iso-utc",
  "http",
  "digits",
  "time",
  "uuid",
  "name",
  "token",
  "dotted",
  "url",
  "base64",
  "unbracketed",
  "json",
  "any",
] as const;

const signature = z.strictObject({
  /** Where it is. Of several places, each that is there is tried. */
  at: z.union([place, z.array(place).check(z.minLength(1), z.maxLength(10))]),
  /**
   * - `plain`     the signature and nothing else (the default)
   * - `pairs`     `t=…,v1=…`; `key` says which one
   * - `tagged`    `v1,… v1a,…`; `tag` says which ones
   * - `list`      several, any of which may match
   * - `named`     `sha256=…`, where `algorithm` is chosen by `pair:name`
   * - `after-timestamp`  the timestamp (`pair:0`), then one or more signatures
   * - `envelope`  base64 of a JSON object; `key` says which member, the others are `pair:…`
   * - `rfc9421`, `cavage`  HTTP message signatures, the standard and the draft before it
   */
  format: z.optional(
    z.enum(["plain", "pairs", "tagged", "list", "named", "after-timestamp", "envelope", "rfc9421", "cavage"]),
  ),
  key: z.optional(template),
  tag: z.optional(z.string().check(z.minLength(1))),
  /** Between entries; a comma by default, a space for `tagged`. */
  separator: z.optional(z.string().check(z.length(1))),
  /** Between key and value of a pair; `=` by default. */
  equals: z.optional(z.string().check(z.length(1))),
  /** Between whole sets of pairs, each with a timestamp of its own. */
  group: z.optional(z.string().check(z.length(1))),
  prefix: z.optional(z.string().check(z.minLength(1))),
  /** The prefix may be missing. */
  bare: z.optional(z.boolean()),
  /** `hex` by default. */
  encoding: z.optional(encoding),
  /** An ECDSA signature in ASN.1 DER instead of r‖s. */
  der: z.optional(z.boolean()),
  /** What an HTTP message signature must cover at least. */
  covers: z.optional(z.array(z.string())),
  /**
   * Places where a request may name its algorithm, and the names that it may have there, in any case;
   * it may also be silent.
   */
  names: z.optional(z.record(place, z.array(z.string()).check(z.minLength(1)))),
});

const timestamp = z.strictObject({
  at: place,
  /** `s` by default; `iso-utc` may lack its zone, and is then UTC; `text` is signed but never read as a time. */
  unit: z.optional(z.enum(["s", "ms", "iso", "iso-utc", "http", "text"])),
  /** Seconds, to either side and inclusive. Without it the age is not judged. */
  tolerance: z.optional(z.number().check(z.positive())),
  /**
   * Neither a document nor a library of the sender names a tolerance:
   * this one is the relay's own, and a source may set another.
   */
  toleranceBy: z.optional(z.literal("relay")),
});

const jwt = z.strictObject({
  /** The only algorithms that are accepted, whatever the token says of itself. */
  algorithms: z.array(z.enum(jwsAlgorithms)).check(z.minLength(1)),
  /** What `iss` must be. */
  issuer: z.optional(template),
  /**
   * What `aud` must be, or have among its entries: the receiver, so that a token for somebody else's is not taken here.
   */
  audience: z.optional(template),
  /** The claim that holds the body's SHA-256. `emptyAbsent`: an empty body has no claim, and only that. */
  bodyHash: z.optional(
    z.strictObject({ claim: z.string(), encoding: z.optional(encoding), emptyAbsent: z.optional(z.boolean()) }),
  ),
  /** The claim that holds the SHA-256 of the URL, in hexadecimal. */
  urlHash: z.optional(z.string()),
  /** The claim that holds Atlassian's hash of method, path and query. */
  queryHash: z.optional(z.string()),
  /** Seconds since `iat`, which is then demanded. */
  maxAge: z.optional(z.number().check(z.positive())),
  /** `exp` is demanded; it is respected in any case. */
  expires: z.optional(z.boolean()),
  /**
   * A detached signature over the payload as it is, without base64url:
   * `b64` is `false` in its header, and critical (RFC 7797).
   */
  unencoded: z.optional(z.boolean()),
});

export const providerSchema = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(80)),
  /** How the facts were established: the official library, a published document, third-party code, or nobody yet. */
  confidence: z.optional(z.enum(["library", "document", "third-party", "unverified"])),
  /** A name, or the names that a place of the request may choose among. */
  algorithm: z.union([z.enum(algorithms), z.strictObject({ by: place, of: z.record(z.string(), z.enum(algorithms)) })]),
  signature,
  timestamp: z.optional(timestamp),
  /** The signed content; `{body}` by default. */
  signs: z.optional(template),
  /** The parts of the signed content, put in order before they are joined; instead of `signs`. */
  sorted: z.optional(z.array(template).check(z.minLength(2))),
  /**
   * Forms of the parts of `signs`, by what stands between the braces. A timestamp has the form of its unit, and a part
   * beside the body may not hold the character that stands between the two; where nothing does, it needs a form, or the
   * body one that ends itself (`json`).
   */
  forms: z.optional(z.record(place, z.enum(formNames))),
  /** How the secret becomes a key; `text` by default, `public` for signatures that the sender alone can make. */
  secret: z.optional(z.enum(secretForms)),
  /** Where the JSON document is; `body` by default. */
  payload: z.optional(place),
  /** A list in the JSON, each element of which carries a signature of its own. */
  each: z.optional(place),
  /** The headers that are signed, named by the request itself: where the list is, and how each is written. */
  signedHeaders: z.optional(
    z.strictObject({ at: place, separator: z.string(), form: z.enum(["value", "name:value"]), join: z.string() }),
  ),
  /**
   * A SHA-256 of the body at a place that is itself signed:
   * hexadecimal, or as the Digest and Content-Digest headers write it.
   */
  bodyHash: z.optional(
    z.strictObject({ at: place, form: z.optional(z.enum(["hex", "digest"])), exceptForms: z.optional(z.boolean()) }),
  ),
  /** Places and the values that they may hold, as templates; one whose setting is not set is met by nothing. */
  demands: z.optional(z.record(place, z.array(z.string()))),
  jwt: z.optional(jwt),
  /** How the sender may have written the URL before it signed it. */
  urlForms: z.optional(z.array(z.enum(["port", "apostrophe", "decoded", "encoded"]))),
  keys: z.optional(keys),
  type: z.optional(template),
  /** What is the same when the sender repeats an event. */
  id: z.optional(template),
  /**
   * What the id names, and where that is written. Two events that get one id are one event here, and the second is
   * lost, so that every id of the catalogue says it:
   * - `event`     one thing that happened; its retries have the id again
   * - `delivery`  one delivery; its retries have the id again, or a new one
   * - `batch`     the first event of several in one body, so that the body counts too
   * - `version`   a thing (a payment, a booking); `changes` is the part of the id that each event of it has anew
   */
  idNames: z.optional(
    z.strictObject({
      what: z.enum(["event", "delivery", "batch", "version"]),
      changes: z.optional(place),
      /**
       * Where the sender's documents speak of it, by title;
       * the sender's `confidence` says how well such facts are established.
       */
      by: z.string().check(z.minLength(1)),
    }),
  ),
  /** The id may stand for more than one event: the identity is bound to the body too. */
  idShared: z.optional(z.boolean()),
  /**
   * The sender is an app of the operator's own: its body is a message of type, timestamp, data and id, or whatever its
   * headers name, and what names one content names no other (`in/message.ts`).
   */
  message: z.optional(z.literal("own")),
  /** What an attacker could change without breaking the signature. */
  uncovered: z.optional(z.string()),
  handshake: z.optional(z.array(handshake)),
  /** What the sender must hear, where 200 with an id or 401 with a problem is not it. */
  replies: z.optional(
    z.strictObject({ accepted: z.optional(answer), refused: z.optional(answer), awaited: z.optional(awaited) }),
  ),
  /** By which list what never came is found. */
  deliveries: z.optional(deliveries),
  /** Where the sender publishes its addresses, in words. */
  addresses: z.optional(z.string()),
  networks: z.optional(networks),
  /** Title of the sender's own documentation. */
  docs: z.optional(z.string()),
});

/** A sender. */
export type Provider = z.output<typeof providerSchema>;
export type Algorithm = (typeof algorithms)[number];
export type JwsAlgorithm = (typeof jwsAlgorithms)[number];
export type Handshake = z.output<typeof handshake>;
export type Answer = z.output<typeof answer>;
export type Encrypted = NonNullable<Answer["encrypted"]>;
export type FormName = (typeof formNames)[number];
export type SecretForm = (typeof secretForms)[number];

/** What a user is shown for a provider's confidence. */
export const confidenceLabel: Readonly<Record<NonNullable<Provider["confidence"]>, string>> = {
  library: "official library",
  document: "published document",
  "third-party": "third party",
  unverified: "unverified",
};
