// The keys that a provider publishes: fetched from its own hosts only, and cached. While they are unavailable, requests
// are refused. Opens nothing itself.

import { floodKey } from "../net/cidr.ts";
import { encodeBase64 } from "../bytes/encoding.ts";
import type { VerificationRejection } from "../errors.ts";
import { within } from "../patience.ts";
import type { Provider } from "../scheme/scheme.ts";
import type { FetchText } from "../net/send.ts";
import type { Secret } from "../types.ts";
import { missing } from "./demands.ts";
import { formFault } from "./form.ts";
import { Readings, type Inbound } from "./readings.ts";
import { tokenOf } from "./jws.ts";
import { Allowance, Drawer, type Entry } from "./key-drawer.ts";
import { parsesAsKey } from "./parses-as-key.ts";
import { pinnedUrl } from "./pinned.ts";
import { keyIn, type PublishedKeys } from "./published-key.ts";
import { candidates } from "./signature.ts";
import { member, parseJson } from "../bytes/json.ts";
import { render } from "./render.ts";
import type { Scope } from "./scope.ts";

export type Keys =
  | {
      readonly ok: true;
      readonly secrets: readonly Secret[];
      /** To be called once a signature under these keys has been right: from then on no other key drives them out. */
      readonly vouch: () => void;
    }
  | { readonly ok: false; readonly rejection: VerificationRejection };

/** For whom a key is fetched. */
export interface KeySource {
  readonly name: string;
  readonly scheme: Provider;
  readonly secrets: readonly Secret[];
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Milliseconds for which a key is believed, and for which a failure is.
 * Certificates and key sets change a few times a year.
 */
const KEPT_MS = 6 * 60 * 60 * 1000;
const FAILED_MS = 60 * 1000;

/**
 * How long one request waits for a key that another one has asked for, in ms: a little more than the asking may take.
 */
const SHARED_MS = 6 * 1000;

/** Whether a source of this provider must have a secret: not where its keys are there for everybody to fetch. */
export function needsSecret({ keys }: Provider): boolean {
  return keys === undefined || keys.send !== undefined || keys.login !== undefined;
}

/** What one source keeps, and what it may still ask for: nothing that is sent to one source is felt by another. */
interface Held {
  readonly drawer: Drawer;
  readonly allowance: Allowance;
  readonly pending: Map<string, Promise<string | null>>;
}

/** One question for a key. */
interface Question {
  /** What it is kept under: the URL, and what is posted to it. */
  readonly name: string;
  readonly url: string;
  readonly keys: PublishedKeys;
  readonly scope: Scope;
  /** The client that has caused it. */
  readonly address: string;
}

/** Keys of one isolate. */
export class KeyRing {
  readonly #fetchText: FetchText;
  readonly #held = new Map<string, Held>();

  constructor(fetchText: FetchText) {
    this.#fetchText = fetchText;
  }

  /**
   * What a request is to be verified with: the source's secrets where its provider publishes no keys or where one of
   * them is such a key (the operator pinned it), else the key that the request names.
   * Nothing is fetched for a request that no key could prove.
   *
   * @param address of the client, as the platform tells it
   * @param now milliseconds
   */
  async keysFor(request: Inbound, source: KeySource, address: string, now: number): Promise<Keys> {
    const { scheme: provider, secrets, settings } = source;
    const { keys } = provider;
    const asks = keys !== undefined && needsSecret(provider);
    const set = secrets.filter(({ value }) => value !== "");
    if (keys === undefined || set.some(({ value }) => parsesAsKey(value)) || (set.length > 0 && !asks))
      return { ok: true, secrets, vouch: () => {} };
    const [credentials] = set;
    if (asks && credentials === undefined)
      return refused({ reason: "secret_missing", names: secrets.map(({ name }) => name) });
    const scope: Scope = { readings: Readings.of(request), provider, settings };
    const fault = formFault(scope, now);
    const { excess } = scope.readings;
    if (fault !== null) return refused(excess === null ? fault : { reason: "body_too_complex", what: excess });
    const asked = { ...scope, kid: kidOf(scope), ...(credentials === undefined ? {} : { secret: credentials.value }) };
    const named = render(keys.url, asked);
    if (named === null) return refused(missing(keys.url));
    const url = pinnedUrl(named, keys);
    if (url === null) return refused({ reason: "part_refused", where: keys.url });
    const held = this.#heldBy(source.name);
    const name = keys.send === undefined ? url : `${url} ${asked.kid}`;
    // Others come while this one waits for a key, and a document takes many times the memory of its bytes.
    scope.readings.forget();
    const text = await this.#kept({ name, url, keys, scope: asked, address }, held, now);
    const key = text === null ? null : keyIn(text, keys, { url, kid: asked.kid }, now);
    if (key === null) return refused({ reason: "key_unavailable", why: `no usable key at ${new URL(url).host}` });
    return {
      ok: true,
      secrets: [{ name: `key from ${new URL(url).host}`, value: key }],
      vouch: () => held.drawer.prove(name),
    };
  }

  #heldBy(source: string): Held {
    let held = this.#held.get(source);
    if (held === undefined) {
      held = { drawer: new Drawer(), allowance: new Allowance(), pending: new Map() };
      this.#held.set(source, held);
    }
    return held;
  }

  /** The text at a URL, asked for once however many requests wait for it. */
  async #kept(question: Question, held: Held, now: number): Promise<string | null> {
    const { name, scope } = question;
    const { drawer, pending } = held;
    const entry = drawer.get(name);
    if (entry !== undefined && !isStale(entry, question.keys, scope, now)) return entry.text;
    if (entry === undefined && drawer.hasFailed(name, now - FAILED_MS)) return null;
    const shared = pending.get(name);
    if (shared !== undefined) {
      try {
        return await within(SHARED_MS, "the key", shared);
      } catch {
        // The request that asked has ended without a word, and its promise with it.
        if (pending.get(name) === shared) pending.delete(name);
      }
    }
    // A key that was had before is asked for once a minute at most, whatever strangers send: it needs no allowance.
    if (entry === undefined && !held.allowance.spend(floodKey(question.address), now)) return null;
    const asking = this.#usable(question, now).catch(() => null);
    pending.set(name, asking);
    const text = await asking;
    if (pending.get(name) === asking) pending.delete(name);
    if (text !== null) {
      drawer.keep(name, { text, fetchedAt: now, triedAt: now });
      return text;
    }
    // A key that was good an hour ago is not worth less because its successor could not be asked for.
    if (entry !== undefined) drawer.keep(name, { ...entry, triedAt: now });
    else drawer.fail(name, now);
    return entry !== undefined && now - entry.fetchedAt < KEPT_MS ? entry.text : null;
  }

  /** The answer, where it is a key. */
  async #usable({ url, keys, scope }: Question, now: number): Promise<string | null> {
    const text = await this.#fetched(url, keys, scope);
    return text !== null && keyIn(text, keys, { url, kid: scope.kid ?? null }, now) !== null ? text : null;
  }

  async #fetched(url: string, { send, login }: PublishedKeys, scope: Scope): Promise<string | null> {
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
  async #accessToken(
    { url, form }: NonNullable<PublishedKeys["login"]>,
    { secret = "" }: Scope,
  ): Promise<string | null> {
    const authorization = `Basic ${encodeBase64(new TextEncoder().encode(secret))}`;
    const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
    const text = await this.#fetchText({ url, method: "POST", headers, body: form });
    const token = member(parseJson(text ?? ""), ["access_token"]);
    return typeof token === "string" ? token : null;
  }
}

/**
 * Whether a key has to be asked for once more: it is old, or the request names a key that its set does not hold yet.
 */
function isStale({ text, fetchedAt, triedAt }: Entry, { form }: PublishedKeys, { kid }: Scope, now: number): boolean {
  const old = now - fetchedAt >= KEPT_MS;
  const rotated = form === "jwks" && !!kid && !text.includes(JSON.stringify(kid));
  return (old || rotated) && now - triedAt >= FAILED_MS;
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

function refused(rejection: VerificationRejection): Keys {
  return { ok: false, rejection };
}
