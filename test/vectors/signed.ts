// A request that a sender has signed, and what may be done to it: the words that all signers of this folder share.

import type { KnownRequest } from "../../src/cli/local/known-answers.ts";
import type { Key, Whose } from "./keys.ts";

/** Unix seconds of every request that does not say otherwise. */
export const NOW = 1_760_000_000;
export const URL_SIGNED = "https://hooks.example.com/in/abc123?foo=1";
export const BODY = '{"id":"evt_1","type":"test.event","data":{"name":"Zoë ☃","n":1}}';

/** What is asked of a signer. */
export interface Asked {
  /** The body, where the sender's own form does not matter. */
  readonly body?: string | undefined;
  /** Headers that the request has besides. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Unix seconds at which the sender signs. */
  readonly at?: number;
  /** Whose key it signs with; the row names the sender's own in any case. */
  readonly whose?: Whose;
  /** What is different in a token that is forged: its algorithm, some claims, or what it is signed with. */
  readonly token?: { readonly alg?: string; readonly claims?: object; readonly key?: Key };
}

/** A request with the text that proves it. */
export interface Signed {
  readonly request: KnownRequest;
  /** The signature or token as it stands in the request, without prefix and tag. */
  readonly proof: string;
  /** Texts that the proof covers, each with another one that it does not: a change of one must be seen. */
  readonly covered: Readonly<Record<string, readonly [from: string, to: string]>>;
  /** Seconds that the request stays fresh, to either side; `null` where nobody judges its age. */
  readonly tolerance: number | null;
}

/** The request with a text replaced wherever it stands, in its URL, its headers or its body, as it is or percent-encoded. */
export function replaced(request: KnownRequest, from: string, to: string): KnownRequest {
  const [found, written] = [encodeURIComponent(from), encodeURIComponent(to)];
  const change = (text: string) => text.replaceAll(from, () => to).replaceAll(found, () => written);
  const headers = Object.entries(request.headers).map(([name, value]) => [name, change(value)] as const);
  return { ...request, url: change(request.url), headers: Object.fromEntries(headers), body: change(request.body) };
}

/** `?name=value`, or `&name=value` where there is a query. */
export function withQuery(url: string, name: string, value: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`;
}

export const FORM = { "content-type": "application/x-www-form-urlencoded" };
export const JSON_TYPE = { "content-type": "application/json" };
