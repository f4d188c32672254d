// What does a page of a sender's list hold, and what of it never came? Pure.
import { exactDigits, member, parseJsonExactly } from "../bytes/json.ts";
import type { Deliveries } from "../scheme/deliveries.ts";

/** One entry of a list: a delivery that was tried, or an event. */
export interface Item {
  readonly id: string;
  /** In ms; `null` where the list has no times. */
  readonly at: number | null;
  /** What the repeats of a delivery have in common. */
  readonly same: string;
  /** Whether it was answered with a 2xx; of an event nobody knows. */
  readonly arrived: boolean;
  /** The event itself, as the sender's request would have had it. */
  readonly value: unknown;
  /** Where a POST has it sent again; `null` where nobody may ask for it. */
  readonly again: string | null;
}

interface Page {
  readonly items: readonly Item[];
  /** The URL of the next page, `null` at the end. */
  readonly next: string | null;
}

/** More is not looked at: a page holds a hundred. */
const MOST_ITEMS = 200;
/** An id becomes part of a URL, and none that would lead elsewhere. */
const ID = /^(?!\.+$)[\w.:-]{1,100}$/;

/**
 * @param at where the sender's API is
 * @returns `null` where the document is no such page
 */
export function readPage(
  text: string,
  link: string | null,
  url: string,
  deliveries: Deliveries,
  at: string,
): Page | null {
  // Ids of GitHub's are numbers of 64 bits, and an event is sent on with every digit of its own.
  const document = parseJsonExactly(text);
  const list = deliveries.items === undefined ? document : within(document, deliveries.items);
  if (!Array.isArray(list)) return null;
  const items = list.slice(0, MOST_ITEMS).map((value) => itemOf(value, deliveries, at));
  if (items.some((item) => item === null)) return null;
  const whole = items.flatMap((item) => item ?? []);
  return { items: whole, next: nextOf(document, whole, link, url, deliveries) };
}

/** A member of members, by their names with full stops between them. */
function within(value: unknown, path: string): unknown {
  return member(value, path.split("."));
}

function itemOf(value: unknown, deliveries: Deliveries, base: string): Item | null {
  const { id, time, same, event } = deliveries;
  const named = textOf(within(value, id));
  const when = time === undefined ? null : within(value, time.at);
  const at = time === undefined ? null : time.unit === "s" ? Number(when) * 1_000 : Date.parse(String(when));
  const body = event === undefined ? value : within(value, event.at);
  const again = againOf(value, deliveries, base);
  if (!ID.test(named) || (at !== null && !Number.isFinite(at)) || body === undefined || again === undefined)
    return null;
  return {
    id: named,
    at,
    same: same === undefined ? named : textOf(within(value, same)),
    arrived: hasArrived(value, deliveries),
    value: event?.as === undefined ? body : { [event.as]: body },
    again,
  };
}

function hasArrived(value: unknown, { status }: Deliveries): boolean {
  if (typeof status === "object") return within(value, status.at) === status.is;
  const code = status === undefined ? 0 : Number(within(value, status));
  return code >= 200 && code < 300;
}

/** `undefined` where a member of the address is no id. */
function againOf(value: unknown, { again, only = {} }: Deliveries, base: string): string | null | undefined {
  if (again === undefined) return null;
  const ids = [...again.matchAll(/\{([^{}]+)\}/g)].map(([, path = ""]) => textOf(within(value, path)));
  if (!ids.every((id) => ID.test(id))) return undefined;
  const isAskable = Object.entries(only).every(([path, is]) => (within(value, path) ?? null) === is);
  return isAskable ? new URL(base + again.replaceAll(/\{[^{}]+\}/g, () => ids.shift() ?? "")).href : null;
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : (exactDigits(value) ?? "");
}

/** A page elsewhere is none of this list's: our credential does not go there. */
function nextOf(
  document: unknown,
  items: readonly Item[],
  link: string | null,
  url: string,
  { next }: Deliveries,
): string | null {
  const here = new URL(url);
  const last = items.at(-1);
  if (next === undefined || last === undefined) return null;
  if (next === "link") return samePath(/<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? "")?.[1] ?? "", here);
  const more = next.more === undefined ? true : within(document, next.more);
  const page = "page" in next ? Number(here.searchParams.get(next.page) ?? 1) : Infinity;
  if (more !== true && !(Number(more) > page)) return null;
  if ("after" in next) here.searchParams.set(next.after, last.id);
  else if ("page" in next) here.searchParams.set(next.page, String(page + 1));
  else {
    const given = textOf(within(document, next.from));
    if (next.as === undefined || given === "") return samePath(given, here);
    here.searchParams.set(next.as, given);
  }
  return here.href;
}

function samePath(given: string, here: URL): string | null {
  const there = given === "" ? null : URL.parse(given, here.href);
  return there?.origin === here.origin && there.pathname === here.pathname && there.username === "" ? there.href : null;
}

/** Attempts of one delivery, its first and those that were asked for: more are not asked for. */
const MOST_ATTEMPTS = 6;
/** What is younger may still be on its way, in ms; what was asked for again, for four times as long each time. */
const YOUNG_MS = 2 * 60_000;
const waitOf = (tries: number) => YOUNG_MS * 4 ** (tries - 1);

/**
 * Of a list of attempts, the newest of each delivery that has never arrived; of deliveries, those that have not; of a
 * list of events, all of them. Oldest first.
 *
 * @param known up to when a delivery of that time was asked for
 */
export function missing(
  items: readonly Item[],
  { again, same: common, only, time }: Deliveries,
  now: number,
  known: (at: number) => number,
): readonly Item[] {
  // Not every sender says in which order its list is.
  const newestFirst = time === undefined ? items : items.toSorted((one, two) => (two.at ?? 0) - (one.at ?? 0));
  const isOld = (item: Item, tries = 1) => item.at === null || now - item.at > waitOf(tries);
  const open = newestFirst.filter((item) => again === undefined || item.again !== null);
  if (again === undefined || only !== undefined)
    return open.filter((item) => !item.arrived && isOld(item)).toReversed();
  if (common === undefined) {
    // Whether it was asked for stands nowhere: it is asked for as it passes each age.
    const passes = (at: number) =>
      [1, 2, 3, 4, 5].some((tries) => now - at > waitOf(tries) && known(at) - at <= waitOf(tries));
    return open.filter(({ arrived, at }) => !arrived && at !== null && passes(at)).toReversed();
  }
  return [...Map.groupBy(open, (item) => item.same).values()]
    .flatMap((tries) => {
      const [newest] = tries;
      if (newest === undefined || tries.length >= MOST_ATTEMPTS || tries.some(({ arrived }) => arrived)) return [];
      return isOld(newest, tries.length) ? [newest] : [];
    })
    .toReversed();
}
