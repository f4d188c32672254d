// The schema of a sender's challenges and of the answers that it expects. Data only.

import * as z from "zod/mini";
import { encoding, pattern, place, template } from "./text.ts";

/**
 * `text` in the sender's own encryption, under the newest secret's signature:
 * the four members that DingTalk takes for a yes.
 */
const encrypted = z.strictObject({
  by: z.enum(["dingtalk"]),
  text: z.string().check(z.minLength(1), z.maxLength(64)),
  /** Where the AES key is (EncodingAESKey), and for whom the answer is. */
  key: place,
  receiver: place,
  /** The request's own time and nonce, which come back. */
  time: place,
  nonce: place,
});

/** What a sender hears. */
export const answer = z.strictObject({
  /** 200 by default. */
  status: z.optional(z.int().check(z.gte(200), z.lte(499))),
  text: z.optional(template),
  json: z.optional(z.record(z.string(), z.union([template, z.number()]))),
  headers: z.optional(z.record(z.string(), template)),
  encrypted: z.optional(encrypted),
});

/** What a sender does with an answer of the application's own, where it waits for one (`reply` of a route). */
export const awaited = z.strictObject({
  /** How long it waits, in ms. */
  withinMs: z.int().check(z.gte(1_000), z.lte(60_000)),
  /**
   * What it hears where the application has not answered in time: the first whose places hold what they must, as in
   * `when` of a handshake.
   */
  plain: z.array(z.strictObject({ when: z.optional(z.record(place, z.string())), answer })).check(z.minLength(1)),
  /** Where the sender's documents say so, by title. */
  by: z.string().check(z.minLength(1)),
});

/** A challenge, a ping or a confirmation: what tells it, and what it is answered with. */
export const handshake = z.strictObject({
  method: z.enum(["GET", "HEAD", "OPTIONS", "POST"]),
  /** Places and what they must hold for this to be the handshake; an empty text asks only that the place is there. */
  when: z.optional(z.record(place, z.string())),
  /** Places that must not be there. */
  unless: z.optional(z.array(place)),
  /** There must be no body: a request with one is an event, and is never answered in its place. */
  empty: z.optional(z.boolean()),
  /** Answered only once the request has been verified. */
  verified: z.optional(z.boolean()),
  /** A challenge that is itself signed, by the scheme of the provider. */
  signed: z.optional(z.boolean()),
  /** Signed by the scheme of the provider, under the secret that stands at this place: the one that it hands over. */
  signedWith: z.optional(place),
  /** Answered only while the source has no secret: this is how it is told its secret. */
  unset: z.optional(z.boolean()),
  /**
   * The message is encrypted under the key at `key`, or else under one of the secrets; what it holds is then `claim:…`.
   */
  decrypt: z.optional(z.strictObject({ by: z.enum(["lark", "wecom"]), at: place, key: z.optional(place) })),
  /**
   * What the sender wants to see again, and the syntax that it is held to: nothing else is ever sent back or signed.
   */
  challenge: z.optional(
    z.strictObject({ at: place, syntax: z.enum(["token", "uuid", "hex", "origin", "sentence", "digits"]) }),
  ),
  /** The place that must hold one of the source's secrets. */
  token: z.optional(place),
  /** Places and the templates that they must equal. */
  expects: z.optional(z.record(place, template)),
  /** `{computed}`: a code over a template, under the source's newest secret. */
  compute: z.optional(
    z.strictObject({
      algorithm: z.enum(["hmac-sha1", "hmac-sha256", "sha256"]),
      over: template,
      key: z.optional(z.enum(["text", "sha1"])),
      encoding: z.optional(encoding),
    }),
  ),
  answer,
  /**
   * The message also tells the operator something (a subscription that was revoked): it is answered, and is an event of
   * this type as well. `false` says that it is a check of the connection and tells nothing.
   */
  news: z.optional(z.union([z.literal(false), template])),
  /** Status where something is not as it must be; 403 by default. */
  refusal: z.optional(z.int().check(z.gte(400), z.lte(499))),
  /** Where the secret is that the sender hands over in this handshake; it is for the operator to keep. */
  reveals: z.optional(place),
  /** The URL that confirms a subscription when it is fetched, and what its host, path and query must be. */
  visits: z.optional(z.strictObject({ at: place, host: pattern, path: pattern, query: z.optional(pattern) })),
});
