// Is the relay well? What /health tells those who may know, looked at every few seconds however often it is asked.
import type { Config } from "../config/configured.ts";
import type { Meter } from "../contract/prices.ts";
import type { Use as UseAnswer } from "../contract/use.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { Use } from "../feed/use.ts";
import type { IntakeDoor } from "../intake/door.ts";
import type { JournalStatus } from "../intake/status.ts";
import { iso } from "../time.ts";
import { type KeyHealthDeps, openKeyHealth } from "./key-health.ts";
import { endFindings, endsInHealth } from "./ends.ts";

interface RelayHealthDeps extends KeyHealthDeps {
  readonly config: Pick<Config, "missing" | "findings" | "ends" | "otlp">;
  readonly feed: Pick<FeedDoor, "exportState">;
  readonly intake: Pick<IntakeDoor, "status">;
  readonly use: () => Promise<UseAnswer>;
  readonly own: Pick<Use, "seen">;
}

/** How long an answer is given again, in ms. */
const KEPT_MS = 2_000;
/** A limit of the objects that was seen in this time, in ms, still keeps events out. */
const RECENT_MS = 60_000;

/** `accepts` tells whether events are accepted: the status of the answer. */
export interface RelayHealth {
  readonly accepts: boolean;
  readonly body: object;
}

/** Asks the journal and the feed, unless it has just done so. Never rejects. */
export function openRelayHealth(deps: RelayHealthDeps): () => Promise<RelayHealth> {
  const keys = openKeyHealth(deps);
  let kept: { readonly at: number; readonly health: RelayHealth } | null = null;
  return async () => {
    const now = deps.now();
    if (kept === null || now - kept.at >= KEPT_MS || now < kept.at) kept = { at: now, health: await look(deps, keys) };
    return kept.health;
  };
}

async function look(deps: RelayHealthDeps, keys: () => Promise<object | null>): Promise<RelayHealth> {
  const { config, intake, use, own, now, log } = deps;
  const [journal, used, encryption, pushes] = await Promise.all([
    intake.status().catch((error: unknown) => {
      log.error("health.intake_unreachable", { error: String(error) });
      return null;
    }),
    use(),
    keys(),
    pushesOf(deps),
  ]);
  // Its status can be read where its storage takes no writes.
  const writable = (["object_rows_written", "object_requests", "object_gb_s"] satisfies Meter[]).every(
    (meter) => now() - (own.seen().get(meter) ?? -Infinity) > RECENT_MS,
  );
  const accepts = journal !== null && writable;
  const isWhole = accepts && journal.unreachable.length === 0;
  const status = isWhole ? {} : { status: "degraded" };
  const at = now();
  const findings = [...config.findings, ...endFindings(config.ends, at)];
  const ends = config.ends.length === 0 ? {} : { old_secrets: endsInHealth(config.ends, at) };
  return {
    accepts,
    body: {
      ...status,
      findings,
      ...ends,
      ...(encryption === null ? {} : { encryption }),
      intake: shown(journal),
      use: used,
      ...pushes,
    },
  };
}

/** How pushing metrics stands, where a collector is configured: a relay is no less well where it fails. */
async function pushesOf({ config, feed, log }: RelayHealthDeps): Promise<{ readonly otlp?: object | null }> {
  if (config.otlp === null) return {};
  try {
    const { tookAt, failingSince, last } = await feed.exportState();
    return { otlp: { pushed_at: iso(tookAt), failing_since: iso(failingSince), ...last } };
  } catch (error) {
    log.warn("health.feed_unreachable", { error: String(error) });
    return { otlp: null };
  }
}

/** Events of the objects that answer are accepted: those that do not are only named. */
function shown(journal: JournalStatus | null): object | null {
  if (journal === null) return null;
  const { unreachable, seenAt, ...sums } = journal;
  return { ...sums, ...(unreachable.length > 0 && { unreachable }), seen_at: iso(seenAt) };
}
