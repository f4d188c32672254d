// D1 opened: every table that the relay reads or writes, once each, over one way of running statements.
import { NO_KEYS, type Vault } from "../bytes/vault.ts";
import { openAlerts } from "./alerts.ts";
import { openAudit } from "./audit.ts";
import { openBacklog } from "./backlog.ts";
import { openBreakers } from "./breakers.ts";
import { openDatabase, type Watch } from "./database.ts";
import { openEnded } from "./ended.ts";
import { openErasures } from "./erasures.ts";
import { openExportWalk } from "./export.ts";
import { openGaps } from "./gaps.ts";
import { openImports } from "./imports.ts";
import { openInspections } from "./inspections.ts";
import { openKeys } from "./keys.ts";
import { openLines } from "./lines.ts";
import { openLists } from "./lists.ts";
import type { Elsewhere } from "./migrate.ts";
import { openMutes } from "./mutes.ts";
import { openOffers } from "./offers.ts";
import { openOnce } from "./once.ts";
import { openOrder } from "./order.ts";
import { type Bodies, openParts } from "./parts.ts";
import { openRecords } from "./records.ts";
import { openRefusals } from "./refusals.ts";
import { openKnown, openNamesake, openRepeats } from "./repeats.ts";
import { openJobs } from "./replays.ts";
import { openSegments } from "./segments.ts";
import { openSessions } from "./sessions.ts";
import { openStandings } from "./standing.ts";
import { openStops } from "./stops.ts";
import { openStore } from "./store.ts";
import { openTrials } from "./trials.ts";
import { openUnderKey } from "./under-key.ts";
import { openTunnelTable } from "./tunnels.ts";
import { openUpkeep } from "./upkeep.ts";
import { openVerified } from "./verified.ts";

/** The tables, with what may be read of them and done to them. */
export type Tables = ReturnType<typeof openD1>;

/**
 * Nothing is read and no schema is made before the first statement.
 *
 * @param vault opens what is kept sealed
 * @param bodies the bucket of large bodies, if one is bound
 */
export function openD1(
  db: D1Database,
  watch?: Watch,
  elsewhere?: Elsewhere,
  vault: Vault = NO_KEYS,
  bodies: Bodies | null = null,
) {
  const run = openDatabase(db, watch, elsewhere);
  const parts = openParts(run, bodies);
  return {
    store: openStore(run),
    breakers: openBreakers(run),
    stop: openStops(run),
    next: openOrder(run),
    parts,
    repeats: openRepeats(run),
    known: openKnown(run),
    namesake: openNamesake(run),
    underKey: openUnderKey(run),
    tunnels: openTunnelTable(run),
    upkeep: openUpkeep(run),
    records: openRecords(run, vault, parts),
    gaps: openGaps(run),
    once: openOnce(run),
    standings: openStandings(run),
    inspections: openInspections(run, vault),
    trials: openTrials(run),
    jobs: openJobs(run),
    ended: openEnded(run),
    erasures: openErasures(run),
    backlog: openBacklog(run),
    refusals: openRefusals(run),
    verifiedBy: openVerified(run),
    lists: openLists(run),
    lines: openLines(run),
    exportWalk: openExportWalk(run),
    imports: openImports(run),
    segments: openSegments(run),
    offers: openOffers(run),
    keys: openKeys(run),
    sessions: openSessions(run),
    audit: openAudit(run),
    alerts: openAlerts(run),
    mutes: openMutes(run),
  };
}
