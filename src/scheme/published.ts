// What is fetched from a sender: where it publishes its keys and its addresses, and what an answer must be. Data only.

import * as z from "zod/mini";
import { pattern, template } from "./text.ts";

/**
 * Where the sender publishes its public keys: a fixed URL, or one that the request names, and then at its own hosts and
 * paths only. The URL is nothing but scheme, host and path.
 */
export const keys = z
  .strictObject({
    url: template,
    host: pattern,
    path: pattern,
    form: z.enum(["certificate", "jwks", "jwk", "text", "pem"]),
    /**
     * Names that a certificate may be issued to (its DNS names, or else its common name);
     * `$1` is the first group of `host`.
     */
    subject: z.optional(z.array(z.string().check(z.minLength(1))).check(z.minLength(1), z.maxLength(8))),
    /** Where in the JSON answer the key is, as a path. */
    member: z.optional(z.string()),
    /** Members of the JSON that is posted; a GET without it. */
    send: z.optional(z.record(z.string(), template)),
    /** Where the source's secret (`client id:client secret`) is turned into a bearer token first. */
    login: z.optional(z.strictObject({ url: z.url({ protocol: /^https$/ }), form: z.string() })),
  })
  .check(
    z.refine(({ form, subject }) => form !== "certificate" || subject !== undefined, {
      path: ["subject"],
      error:
        "is missing: whoever gets a certificate onto that host could sign with it. Write the name that it is issued to",
    }),
  );

/**
 * The addresses that the sender sends from, for `allow = ["provider"]`:
 * where its list is published, or the list itself.
 */
export const networks = z.strictObject({
  /** Networks that the sender's documentation names and that no program can ask for. */
  fixed: z.optional(z.array(z.string()).check(z.minLength(1))),
  /** Every one of them is asked, and each must answer. */
  urls: z.optional(z.array(z.url({ protocol: /^https$/ })).check(z.minLength(1), z.maxLength(4))),
  /**
   * Where in a JSON answer the list is, as a path, empty for the whole answer;
   * without it the answer is text, a network in a line.
   */
  at: z.optional(z.string()),
  /** Which member of an element is the network, where the elements are objects. */
  member: z.optional(z.string()),
  /** Members and what they must hold, or have among what they hold, for an element to count. */
  where: z.optional(z.record(z.string(), z.string())),
});
