// What does a page of a sender's list hold, and what of it never came? Pure.
import { exactDigits, member, parseJsonExactly } from "../bytes/json.ts";
import type { Deliveries } from "../scheme/deliveries.ts";

/** One entry of a list: a delivery that was tried, or an event. */
export interface Item {
  readonly id: string;
  /** In ms. */
  readonly at: number;
  /** What the repeats of a delivery have in common. */
  readonly same: string;
  /** Whether it was answered with a 2xx; of an event nobody knows. */
  readonly arrived: boolean;
  readonly value: unknown;
}

interface Page {
  readonly items: readonly Item[];
  /** The URL of the next page, `null` at the end. */
  readonly next: string | null;
}

/** More is not looked at: a page holds a hundred. */
const MOST_ITEMS = 200;
/** An id becomes part of a URL. */
const ID = /^[\w.:-]{1,100}$/;

/** @returns `null` where the document is no such page */
export function readPage(text: string, link: string | null, url: string, deliveries: Deliveries): Page | null {
  // Ids of GitHub's are numbers of 64 bits, and an event is sent on with every digit of its own.
  const document = parseJsonExactly(text);
  const list = deliveries.items === undefined ? document : member(document, [deliveries.items]);
  if (!Array.isArray(list)) return null;
  const items = list.slice(0, MOST_ITEMS).map((value) => itemOf(value, deliveries));
  if (items.some((item) => item === null)) return null;
  const whole = items.flatMap((item) => item ?? []);
  return { items: whole, next: nextOf(document, whole, link, url, deliveries) };
}

function itemOf(value: unknown, { id, time, same, status }: Deliveries): Item | null {
  const [named, when] = [textOf(member(value, [id])), member(value, [time.at])];
  const at = time.unit === "s" ? Number(when) * 1_000 : Date.parse(String(when));
  if (!ID.test(named) || !Number.isFinite(at)) return null;
  const code = status === undefined ? 0 : Number(member(value, [status]));
  const common = same === undefined ? named : textOf(member(value, [same]));
  return { id: named, at, same: common, arrived: code >= 200 && code < 300, value };
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
  if (next === "link") {
    const given = /<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? "")?.[1];
    const there = given === undefined ? null : URL.parse(given, here.href);
    const isHere = there?.origin === here.origin && there.pathname === here.pathname && there.username === "";
    return isHere ? there.href : null;
  }
  const last = items.at(-1);
  if (last === undefined || member(document, [next.more]) !== true) return null;
  here.searchParams.set(next.after, last.id);
  return here.href;
}

/** Attempts of one delivery, its first and those that were asked for: more are not asked for. */
const MOST_ATTEMPTS = 6;
/** What is younger may still be on its way, in ms; what was asked for again, for four times as long each time. */
const YOUNG_MS = 2 * 60_000;

/**
 * Of a list of attempts, the newest of each delivery that has never arrived; of a list of events, all of them. Oldest
 * first.
 */
export function missing(items: readonly Item[], { again }: Deliveries, now: number): readonly Item[] {
  if (again === undefined) return items.filter(({ at }) => now - at > YOUNG_MS).toReversed();
  return [...Map.groupBy(items, ({ same }) => same).values()]
    .flatMap((tries) => {
      const [newest] = tries;
      if (newest === undefined || tries.length >= MOST_ATTEMPTS || tries.some(({ arrived }) => arrived)) return [];
      return now - newest.at > YOUNG_MS * 4 ** (tries.length - 1) ? [newest] : [];
    })
    .toReversed();
}
