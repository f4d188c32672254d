// Asks providers for their address lists when they are due.
// A bad answer changes nothing but the time of the next asking.
import { readAddressList } from "../net/lists.ts";
import type { Lists } from "../d1/lists.ts";
import type { ConfiguredSource } from "../config/configured.ts";
import type { FetchText } from "../net/send.ts";
import type { Log } from "../log.ts";

/**
 * How often a list is asked for, in ms. GitHub asks to look "regularly", Stripe gives seven days' notice of a change.
 */
const EVERY_MS = 6 * 60 * 60_000;
/** Wait after the first failure, doubled by each further one up to the limit, in ms. */
const RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 60 * 60_000;
/** Longer than any asking takes, in ms. */
const LEASE_MS = 5 * 60_000;
/** Lists asked for in one run: with the sweep's own work they stay within the free plan's 50 fetches. */
const AT_ONCE = 5;
/** Networks of a change that are written down by name. */
const NAMED = 50;

export interface RefreshDeps {
  readonly config: {
    readonly sources: ReadonlyMap<string, Pick<ConfiguredSource, "provider" | "scheme" | "allowPublished">>;
  };
  readonly lists: Pick<Lists, "takeDue" | "replace" | "keep">;
  readonly fetchText: FetchText;
  readonly now: () => number;
  readonly log: Log;
}

/** Refreshes what is due. Never rejects, and asks D1 nothing where no source has `allow = ["provider"]`. */
export async function refresh(deps: RefreshDeps): Promise<void> {
  const { config, lists, now, log } = deps;
  const wanted = new Map(
    [...config.sources.values()].flatMap(({ provider, scheme: { networks }, allowPublished }) =>
      allowPublished && networks !== undefined ? [[provider, networks] as const] : [],
    ),
  );
  if (wanted.size === 0) return;
  try {
    const names = [...wanted.keys()].slice(0, 100);
    const due = await lists.takeDue(names, now(), now() + LEASE_MS);
    for (const kept of due.slice(0, AT_ONCE)) {
      const form = wanted.get(kept.provider);
      if (form !== undefined) await refreshOne(kept, form, deps);
    }
  } catch (error) {
    log.warn("addresses.not_refreshed", { error: String(error) });
  }
}

async function refreshOne(
  { provider, networks: before, failures }: { provider: string; networks: string | null; failures: number },
  form: NonNullable<ConfiguredSource["scheme"]["networks"]>,
  { lists, fetchText, now, log }: RefreshDeps,
): Promise<void> {
  const texts = await Promise.all(
    (form.urls ?? []).map((url) => fetchText({ url, method: "GET", headers: HEADERS, body: null })),
  );
  const missing = texts.findIndex((text) => text === null);
  const read =
    missing === -1
      ? readAddressList(
          texts.filter((text) => text !== null),
          form,
        )
      : { ok: false as const, why: `no answer from ${new URL(form.urls?.[missing] ?? "").host}` };
  if (!read.ok) {
    await lists.keep(provider, read.why, now() + Math.min(RETRY_MS * 2 ** failures, LONGEST_RETRY_MS));
    log.warn("addresses.kept", { provider, why: read.why, failures: failures + 1, known: before !== null });
    return;
  }
  const after = JSON.stringify(read.networks);
  const change = changeBetween(before, read.networks);
  await lists.replace(provider, after, JSON.stringify(change), now(), now() + EVERY_MS);
  if (after !== before) log.info("addresses.changed", { provider, networks: read.networks.length, ...change });
}

/** GitHub refuses whoever does not say what they are. */
const HEADERS = { accept: "application/json, text/plain", "user-agent": "hookline" };

function changeBetween(before: string | null, after: readonly string[]) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by this file, from a list of strings
  const old = new Set(before === null ? [] : (JSON.parse(before) as string[]));
  const added = after.filter((one) => !old.has(one));
  const kept = new Set(after);
  const removed = [...old].filter((one) => !kept.has(one));
  return {
    added: added.slice(0, NAMED),
    removed: removed.slice(0, NAMED),
    more: Math.max(0, added.length - NAMED) + Math.max(0, removed.length - NAMED),
  };
}
