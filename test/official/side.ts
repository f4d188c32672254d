// How one official library is asked, and how it is opened; reads what `npm ci` installed in this folder and nothing else.

import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import type { KnownRequest } from "../../src/cli/local/known-answers.ts";

/** A sender and its own library. */
export interface Side {
  readonly provider: string;
  /** The package that is asked. */
  readonly from: string;
  /** A request that the library itself signed. */
  readonly sign?: () => KnownRequest | Promise<KnownRequest>;
  /** A request signed by hand, where the facts of the catalogue do not suffice to sign one. */
  readonly byHand?: () => KnownRequest;
  /** The body that is signed, where the library asks for more than JSON. */
  readonly body?: string;
  /** Headers that the library asks for and nobody signs. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the library accepts the request. What it throws is a refusal. */
  readonly accepts?: (request: KnownRequest) => boolean | Promise<boolean>;
  /** Changes something that the signature covers; a digit of the body where nothing else is said. */
  readonly tampered?: (request: KnownRequest) => KnownRequest;
}

/** Opens a library. What it exports is `any`: these packages are not there when the rest of the repository is checked. */
export const library = createRequire(import.meta.url);

/** Opens a library that is an ES module of several chunks, by its name. */
export const module = async (name: string): Promise<ReturnType<typeof library>> => import(name);

/** A header whatever the case of its name; empty where it is missing. */
export function header({ headers }: KnownRequest, name: string): string {
  return lowered({ headers })[name.toLowerCase()] ?? "";
}

/** The headers with names in lower case, as Node has them. */
export function lowered({ headers }: Pick<KnownRequest, "headers">): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The secret, or the public key. */
export function secretOf({ secret, publicKey }: KnownRequest): string {
  return secret ?? publicKey ?? "";
}

/** For libraries that answer a bad signature with an exception and a good one with the event. */
export async function passes(verdict: unknown): Promise<boolean> {
  await verdict;
  return true;
}

/** The last digit of a text is another one. */
export function otherDigit(text: string): string {
  return text.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10));
}

export function otherBody(request: KnownRequest): KnownRequest {
  return { ...request, body: otherDigit(request.body) };
}

export function otherUrl(request: KnownRequest): KnownRequest {
  return { ...request, url: request.url.replace("/in/", "/im/") };
}

export function hmac(hash: string, content: string | Buffer, key: string | Buffer): Buffer {
  return createHmac(hash, key).update(content).digest();
}

/** A JSON Web Token under a shared secret. */
export function token(claims: object, secret: string): string {
  const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  return `${parts.join(".")}.${hmac("sha256", parts.join("."), secret).toString("base64url")}`;
}
