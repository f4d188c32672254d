// The object that a thin event names: fetched once, by the source's own credential, and kept beside the event.
import { parseJson, member } from "../bytes/json.ts";
import { NO_KEYS, PLACES, type Vault } from "../bytes/vault.ts";
import { objectUrl } from "../net/object-url.ts";
import type { Resolve } from "../net/resolve.ts";
import { type Ask, openAsk } from "../net/send.ts";
import type { Store } from "../d1/store.ts";
import { FETCH_MS, HYDRATE_MS } from "../deadlines.ts";
import { within } from "../patience.ts";
import type { Hydrate } from "../scheme/hydrate.ts";

/** Largest object, in bytes. */
export const MOST_OBJECT = 256 * 1024;

interface Fetching {
  readonly ask: Ask;
  readonly store: Pick<Store, "keepObject">;
  readonly loopback: boolean;
  readonly now: () => number;
  readonly vault: Vault;
}

/** The event as D1 has it; without a row of its own nothing can be kept. */
export interface Thin {
  readonly id?: string;
  readonly seq?: number;
  /** Set where it is kept sealed: then so is what is fetched for it. */
  readonly sealed?: true;
  readonly object?: string | null;
}

export type Hydrated = { readonly ok: true; readonly object: unknown } | { readonly ok: false; readonly error: string };

/**
 * Fetches what events name, or takes what was fetched before.
 *
 * @param resolve asked of the host before it is asked for anything, where names are looked up
 */
export function openHydrate(
  store: Fetching["store"],
  loopback: boolean,
  now: () => number,
  resolve: Resolve | null = null,
  vault: Vault = NO_KEYS,
) {
  const fetching: Fetching = { ask: openAsk(MOST_OBJECT, FETCH_MS, resolve), store, loopback, now, vault };
  /** Of one event, several deliveries of a batch ask at once. */
  const underWay = new Map<number, Promise<Hydrated>>();

  return async function hydrated(event: Thin, hydrate: Hydrate, document: () => unknown): Promise<Hydrated> {
    const kept = event.object ?? null;
    if (kept !== null) return { ok: true, object: objectIn(kept) };
    const { seq } = event;
    const running = seq === undefined ? undefined : underWay.get(seq);
    // Whoever fetches may be another invocation, which may have died: its promise then never ends.
    if (running !== undefined && seq !== undefined)
      return await within(HYDRATE_MS, "the fetch of another attempt", running).catch((error: unknown) => {
        if (underWay.get(seq) === running) underWay.delete(seq);
        return no(String(error));
      });
    // Behind it is a send, which must not begin when the lease is nearly over: D1 may be slow to keep it.
    const own = within(HYDRATE_MS, "the fetch, or D1", fetched(event, hydrate, document, fetching)).catch(
      (error: unknown) => no(`it could not be kept beside the event: ${String(error)}`),
    );
    if (seq === undefined) return await own;
    underWay.set(seq, own);
    try {
      return await own;
    } finally {
      if (underWay.get(seq) === own) underWay.delete(seq);
    }
  };
}

async function fetched(
  event: Thin,
  { from, path, headers, hidden, unset }: Hydrate,
  document: () => unknown,
  { ask, store, loopback, now, vault }: Fetching,
): Promise<Hydrated> {
  if (unset.length > 0) return no(`the secret ${unset.join(", ")} is not set, or cannot be sent`);
  const named = member(document(), path.split("."));
  const judged = objectUrl(from, named, { loopback });
  if (!judged.ok) return no(`${path}: ${judged.why}`);
  const { href, origin, pathname } = judged.url;
  const { status, text, unfit } = await ask({
    url: href,
    method: "GET",
    headers: { accept: "application/json", ...headers },
    body: null,
  });
  const what = `${origin}${pathname}`;
  if (unfit !== undefined) return no(`${what} was not asked: ${unfit}`);
  if (status === null) return no(`${what} did not answer in time`);
  if (status !== 200) return no(`${what} answered ${status}`);
  if (text === null) return no(`${what} answered with more than ${MOST_OBJECT / 1024} KiB, or not to its end`);
  if (hidden.some((one) => text.includes(one))) return no(`${what} says back the credential that it was asked with`);
  if (parseJson(text) === undefined) return no(`${what} answered with what is no JSON`);
  const made = JSON.stringify({ at: now(), path: pathname, text });
  return { ok: true, object: objectIn(await keptFirst(event, made, store, vault)) };
}

/** What is kept of it from now on: what was kept first stays. */
async function keptFirst(
  { id = "", seq, sealed }: Thin,
  made: string,
  store: Fetching["store"],
  vault: Vault,
): Promise<string> {
  if (seq === undefined) return made;
  if (sealed !== true) return await store.keepObject(seq, made);
  const place = PLACES.object(id);
  return await vault.openText(await store.keepObject(seq, await vault.seal(made, place)), place);
}

function no(why: string): Hydrated {
  return { ok: false, error: why.slice(0, 500) };
}

/** The document of what is kept: it was judged when it was fetched. */
function objectIn(kept: string): unknown {
  return parseJson(String(member(parseJson(kept), ["text"]))) ?? null;
}

/** The names that an expression reads, each where it is asked for, and the object beside them. */
export function withObject<Read extends object>(names: Read, object: unknown): Read {
  const all = { ...Object.getOwnPropertyDescriptors(names), object: { value: object, enumerable: true } };
  return Object.defineProperties(Object.create(null), all);
}

/** The same with what was fetched for the event before, where anything was. */
export function withKept<Read extends object>(names: Read, kept: string | null): Read {
  return kept === null ? names : withObject(names, objectIn(kept));
}
