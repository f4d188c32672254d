// The keys that a provider publishes: fetched from its own hosts only, kept for a while, and refused when they cannot be had. Opens nothing itself.

import { certificateBytes, isValidAt } from "./der.ts";
import { encodeBase64 } from "../bytes/encoding.ts";
import type { VerificationRejection } from "../errors.ts";
import { member, parseJson, Readings, type Inbound } from "./readings.ts";
import { within } from "../patience.ts";
import { pinnedUrl } from "./pinned.ts";
import { looksPublic } from "./publickey.ts";
import type { Provider } from "../scheme/scheme.ts";
import { candidates } from "./signature.ts";
import type { FetchText } from "../net/send.ts";
import { render, type Scope } from "./template.ts";
import type { Secret } from "../types.ts";
import { tokenOf } from "./jws.ts";

export type Keys =
  | { readonly ok: true; readonly secrets: readonly Secret[] }
  | { readonly ok: false; readonly rejection: VerificationRejection };

type Published = NonNullable<Provider["keys"]>;

interface Entry {
  readonly text: string | null;
  /** When the text was had, and when it was last asked for. */
  readonly fetchedAt: number;
  readonly triedAt: number;
}

/** Milliseconds for which a key is believed, and for which a failure is. Certificates and key sets change a few times a year. */
const KEPT_MS = 6 * 60 * 60 * 1000;
const FAILED_MS = 60 * 1000;

/** How long one request waits for a key that another one has asked for, in ms: a little more than the asking may take. */
const SHARED_MS = 6 * 1000;

/** Fetches in a minute, and keys kept: a request chooses the path of the URL, so that strangers could ask for any number. */
const FETCHES_PER_MINUTE = 30;
const ENTRY_LIMIT = 100;

/** Whether a source of this provider must have a secret: not where its keys are there for everybody to fetch. */
export function needsSecret({ keys }: Provider): boolean {
  return keys === undefined || keys.send !== undefined || keys.login !== undefined;
}

/** Keys of one isolate. */
export class KeyRing {
  readonly #fetchText: FetchText;
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Map<string, Promise<string | null>>();
  #minute = { startedAt: 0, fetches: 0 };

  constructor(fetchText: FetchText) {
    this.#fetchText = fetchText;
  }

  /**
   * What a request is to be verified with: the source's secrets where its provider publishes no keys or where one of them is such a key
   * (the operator pinned it), else the key that the request names. `now` is in milliseconds.
   */
  async keysFor(
    request: Inbound,
    provider: Provider,
    secrets: readonly Secret[],
    settings: Readonly<Record<string, string>>,
    now: number,
  ): Promise<Keys> {
    const { keys } = provider;
    const asks = keys !== undefined && needsSecret(provider);
    const set = secrets.filter(({ value }) => value !== "");
    if (keys === undefined || set.some(({ value }) => looksPublic(value)) || (set.length > 0 && !asks))
      return { ok: true, secrets };
    const [credentials] = set;
    if (asks && credentials === undefined)
      return refused({ reason: "secret_missing", names: secrets.map(({ name }) => name) });
    const scope: Scope = { readings: new Readings(request), provider, settings };
    const asked = { ...scope, kid: kidOf(scope), ...(credentials === undefined ? {} : { secret: credentials.value }) };
    const named = render(keys.url, asked);
    if (named === null) return refused({ reason: "part_missing", where: keys.url });
    const url = pinnedUrl(named, keys);
    if (url === null) return refused({ reason: "part_refused", where: keys.url });
    const text = await this.#kept(url, keys, asked, now);
    const key = text === null ? null : keyIn(text, keys, now);
    if (key === null) return refused({ reason: "key_unavailable", why: `no usable key at ${new URL(url).host}` });
    return { ok: true, secrets: [{ name: `key from ${new URL(url).host}`, value: key }] };
  }

  /** The text at a URL, asked for once however many requests wait for it. */
  async #kept(url: string, keys: Published, scope: Scope, now: number): Promise<string | null> {
    const name = keys.send === undefined ? url : `${url} ${scope.kid}`;
    const entry = this.#entries.get(name);
    if (entry !== undefined) {
      const { text, fetchedAt, triedAt } = entry;
      const rotated = keys.form === "jwks" && text !== null && !!scope.kid && !text.includes(JSON.stringify(scope.kid));
      const recent = now - triedAt < FAILED_MS;
      if (text === null || rotated ? recent : now - fetchedAt < KEPT_MS) return text;
    }
    const pending = this.#pending.get(name);
    if (pending !== undefined) {
      try {
        return await within(SHARED_MS, "the key", pending);
      } catch {
        // The request that asked has ended without a word, and its promise with it.
        if (this.#pending.get(name) === pending) this.#pending.delete(name);
      }
    }
    if (!this.#mayFetch(now)) return null;
    const asking = this.#fetched(url, keys, scope).catch(() => null);
    this.#pending.set(name, asking);
    const text = await asking;
    if (this.#pending.get(name) === asking) this.#pending.delete(name);
    // A key that was good an hour ago is not worth less because its successor could not be asked for.
    const good = entry !== undefined && entry.text !== null && now - entry.fetchedAt < KEPT_MS;
    const kept = text === null && good ? { ...entry, triedAt: now } : { text, fetchedAt: now, triedAt: now };
    this.#keep(name, kept);
    return kept.text;
  }

  /** Failures go first when there are too many: strangers can make any number of them, and none of a provider's keys. */
  #keep(name: string, entry: Entry): void {
    this.#entries.delete(name);
    if (this.#entries.size >= ENTRY_LIMIT) {
      const [oldest = ""] = this.#entries.keys();
      const failed = [...this.#entries].find(([, { text }]) => text === null)?.[0];
      this.#entries.delete(failed ?? oldest);
    }
    this.#entries.set(name, entry);
    if (this.#pending.size > ENTRY_LIMIT) this.#pending.clear();
  }

  #mayFetch(now: number): boolean {
    if (now - this.#minute.startedAt >= 60_000) this.#minute = { startedAt: now, fetches: 0 };
    return ++this.#minute.fetches <= FETCHES_PER_MINUTE;
  }

  async #fetched(url: string, { send, login }: Published, scope: Scope): Promise<string | null> {
    const headers: Record<string, string> = { accept: "*/*" };
    if (login !== undefined) {
      const token = await this.#accessToken(login, scope);
      if (token === null) return null;
      headers["authorization"] = `Bearer ${token}`;
    }
    if (send === undefined) return this.#fetchText({ url, method: "GET", headers, body: null });
    const members = Object.entries(send).map(([name, template]) => [name, render(template, scope)] as const);
    if (members.some(([, value]) => value === null)) return null;
    const body = JSON.stringify(Object.fromEntries(members));
    return this.#fetchText({ url, method: "POST", headers: { ...headers, "content-type": "application/json" }, body });
  }

  /** Client credentials for a bearer token (RFC 6749, 4.4). It is asked for with each key, which is rare. */
  async #accessToken({ url, form }: NonNullable<Published["login"]>, { secret = "" }: Scope): Promise<string | null> {
    const authorization = `Basic ${encodeBase64(new TextEncoder().encode(secret))}`;
    const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
    const text = await this.#fetchText({ url, method: "POST", headers, body: form });
    const token = member(parseJson(text ?? ""), ["access_token"]);
    return typeof token === "string" ? token : null;
  }
}

/** The name of the key, as the token or the envelope has it; nothing that could lead a URL elsewhere. */
function kidOf(scope: Scope): string | null {
  const { algorithm, signature } = scope.provider;
  let kid: string | null = null;
  if (algorithm === "jwt" || algorithm === "jws-detached") kid = tokenOf(scope)?.kid ?? null;
  else if (signature.format === "envelope") {
    const found = candidates(scope);
    kid = "rejection" in found ? null : (found[0]?.scope.pairs?.get("kid") ?? null);
  }
  return kid !== null && /^[\w-]{1,128}$/.test(kid) ? kid : null;
}

function keyIn(text: string, { form, member: path }: Published, now: number): string | null {
  if (form === "certificate") {
    const certificate = certificateBytes(text);
    return certificate !== null && isValidAt(certificate, now) ? text : null;
  }
  if (form === "jwks") return text;
  const key = member(parseJson(text), (path ?? "").split("."));
  if (form === "text") return typeof key === "string" ? key : null;
  const expired = member(key, ["expired_at"]);
  return typeof key === "object" && key !== null && !(typeof expired === "number" && expired * 1000 <= now)
    ? JSON.stringify(key)
    : null;
}

function refused(rejection: VerificationRejection): Keys {
  return { ok: false, rejection };
}
