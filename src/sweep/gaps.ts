// Asks senders whose API lists their deliveries for what never came: it is sent again, or fetched.
// Bounded, and on record.
import type { Config, ConfiguredSource } from "../config/configured.ts";
import type { KeptGaps, KeptLook, Look } from "../d1/gaps.ts";
import type { Fetched } from "../in/fetched.ts";
import type { Log } from "../log.ts";
import type { Ask } from "../net/send.ts";
import { type Item, missing, readPage } from "../net/delivery-list.ts";

/** Who has taken a look keeps it for so long, in ms: nobody else asks meanwhile. */
const LEASE_MS = 5 * 60_000;
/** Lists are read again from so many hours before the last look: what was young then, and what was asked for since. */
const OVERLAP_HOURS = 24;
/** Pages of one look, and what is asked for or fetched in it; the next look goes on. */
const MOST_PAGES = 5;
const MOST_RECOVERED = 25;
const HOUR_MS = 3_600_000;

export interface GapsDeps {
  readonly config: Pick<Config, "sources">;
  readonly gaps: Pick<KeptGaps, "takeDue" | "note">;
  readonly ask: Ask;
  readonly fetched: Fetched;
  readonly now: () => number;
  readonly log: Log;
}

type Asking = ConfiguredSource & Required<Pick<ConfiguredSource, "gaps">>;

/** Never rejects, and touches nothing where no source asks. */
export async function fillGaps(deps: GapsDeps): Promise<void> {
  const { config, gaps, now, log } = deps;
  const asking = [...config.sources.values()].filter(isAsking);
  if (asking.length === 0) return;
  try {
    const due = await gaps.takeDue(
      asking.map(({ name }) => name),
      now(),
      now() + LEASE_MS,
    );
    for (const kept of due) {
      const source = asking.find(({ name }) => name === kept.source);
      if (source !== undefined) await look(source, kept, deps);
    }
  } catch (error) {
    log.warn("gaps.not_looked_for", { error: String(error) });
  }
}

function isAsking(source: ConfiguredSource): source is Asking {
  return source.gaps !== undefined && source.gaps.unset.length === 0;
}

async function look(source: Asking, { look: before }: KeptLook, deps: GapsDeps): Promise<void> {
  const { gaps, now, log } = deps;
  const at = now();
  const { deliveries, everyMs } = source.gaps;
  const oldest = at - deliveries.hours * HOUR_MS;
  // What was missed before the first look is the operator's to ask for.
  const overlap = (deliveries.late ?? OVERLAP_HOURS) * HOUR_MS;
  const since = Math.max(oldest, before === null ? at - HOUR_MS : before.through - overlap);
  const known = before?.through ?? since;
  const listed = await listOf(source, since, known, deps.ask);
  const { asked } = before ?? {};
  const wanted = missing(listed.items, deliveries, at, (one) =>
    asked !== undefined && one <= asked.to ? asked.at : known,
  );
  const { missed, recovered, fault, cut, to } = await recover(source, wanted, deps);
  const why = listed.fault ?? fault;
  const found = missed > 0 ? { at, missed, recovered, since } : null;
  const last = found ?? before?.last;
  const isWhole = why === null && !cut;
  const askedTo = isWhole ? undefined : to === null ? asked : { to: Math.max(to, asked?.to ?? 0), at };
  const next: Look = {
    at,
    // What one look has no room for is the next one's: it lists them from here again.
    through: isWhole ? at : known,
    ...(askedTo === undefined ? {} : { asked: askedTo }),
    missed,
    recovered,
    since,
    fault: why,
    ...(last === undefined ? {} : { last }),
  };
  if (why !== null) log.warn("gaps.not_filled", { source: source.name, missed, recovered, why });
  else if (found !== null) log.info("gaps.filled", { source: source.name, missed, recovered });
  await gaps.note(
    source.name,
    next,
    at + everyMs,
    found === null ? null : JSON.stringify({ missed, recovered, since }),
  );
}

/**
 * The sender's list back to `since`, newest first, as far as it may be read; where a page is missing, what came before
 * it.
 *
 * @param known up to when it was read before
 */
async function listOf(
  { gaps: { deliveries, at, narrowed, headers, hidden } }: Asking,
  since: number,
  known: number,
  ask: Ask,
): Promise<{ readonly items: readonly Item[]; readonly fault: string | null }> {
  const first = new URL(at + deliveries.list);
  for (const [name, value] of new URLSearchParams(narrowed)) first.searchParams.append(name, value);
  if (deliveries.since !== undefined)
    first.searchParams.set(
      deliveries.since,
      deliveries.time?.unit === "s" ? String(Math.floor(since / 1_000)) : new Date(since).toISOString(),
    );
  const items: Item[] = [];
  let url: string | null = first.href;
  for (let page = 0; url !== null && page < MOST_PAGES; page += 1) {
    const answer = await ask({ url, method: "GET", headers: { ...ASKING, ...headers }, body: null });
    const fault = faultOf(answer, hidden);
    if (fault !== null) return { items, fault };
    const read = readPage(answer.text ?? "", answer.headers?.get("link") ?? null, url, deliveries, at);
    if (read === null) return { items, fault: "the sender's API answered with what is no list of deliveries" };
    const recent = read.items.filter((item) => item.at === null || item.at >= since);
    items.push(...recent);
    url = recent.length === read.items.length ? read.next : null;
  }
  // Of a list without times nobody knows: what its newest pages hold is looked at.
  const isShort = url !== null && (items.at(-1)?.at ?? since) > known;
  return {
    items,
    fault: isShort ? "the sender's list is longer than is read in one look: write a shorter every" : null,
  };
}

const ASKING = { accept: "application/json", "user-agent": "hookline" };

function faultOf({ status, text, unfit }: Awaited<ReturnType<Ask>>, hidden: readonly string[]): string | null {
  if (unfit !== undefined) return `the sender's API was not asked: ${unfit}`;
  if (status === null) return "the sender's API did not answer in time";
  if (status === 401 || status === 403 || status === 404)
    return `the sender's API answered ${status}: look whether the secret of gaps is right and may read deliveries, and whether at is`;
  if (status === 429) return "the sender's API answered 429: it is asked again later";
  if (status < 200 || status >= 300) return `the sender's API answered ${status}`;
  if (text === null) return "the sender's API answered with too much, or not to its end";
  return hidden.some((one) => text.includes(one)) ? "the sender's API says back the credential" : null;
}

/** Refusals of single items in one look: one that is never taken must not hide what is newer. */
const MOST_REFUSED = 5;

/** Has them sent again, or takes them as they are, until there is enough for one look, or too many are refused. */
async function recover(
  { name, gaps: { deliveries, headers, sent } }: Asking,
  listed: readonly Item[],
  { ask, fetched }: GapsDeps,
): Promise<{ missed: number; recovered: number; fault: string | null; cut: boolean; to: number | null }> {
  let [missed, recovered, refused] = [0, 0, 0];
  let fault: string | null = null;
  let to: number | null = null;
  let same = 0;
  const most = deliveries.most ?? MOST_RECOVERED;
  for (const item of await unknown(name, listed, fetched)) {
    if (recovered >= most || refused >= MOST_REFUSED || same >= MOST_RECOVERED)
      return { missed, recovered, fault, cut: true, to };
    to = item.at;
    if (item.again === null) {
      const became = await fetched.take(name, item.value, sent.join(", "));
      // It came by itself, and is not in D1 yet.
      if (became === "duplicate") {
        same += 1;
        continue;
      }
      missed += 1;
      if (became === "refused") {
        refused += 1;
        fault ??= `${item.id} was not accepted`;
        continue;
      }
    } else {
      missed += 1;
      const { status } = await ask({ url: item.again, method: "POST", headers: { ...ASKING, ...headers }, body: null });
      if (status === null || status < 200 || status >= 300) {
        refused += 1;
        fault ??= `the sender's API did not send ${item.id} again: ${status ?? "no answer"}`;
        if (status === null || status >= 500 || [401, 403, 429].includes(status))
          return { missed, recovered, fault, cut: true, to };
        continue;
      }
    }
    recovered += 1;
  }
  return { missed, recovered, fault, cut: false, to };
}

/** Those that are asked for, and of those that are taken as they are what is not here. */
async function unknown(source: string, listed: readonly Item[], fetched: Fetched): Promise<readonly Item[]> {
  const taken = listed.filter(({ again }) => again === null);
  const fresh = await fetched.fresh(
    source,
    taken.map(({ value }) => value),
  );
  const known = new Set(taken.filter((_, n) => fresh[n] === false));
  return listed.filter((item) => !known.has(item));
}
