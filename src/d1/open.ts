// D1 opened: every table that the relay reads or writes, once each, over one way of running statements.
import { openAudit } from "./audit.ts";
import { openBacklog } from "./backlog.ts";
import { openCancel } from "./cancel.ts";
import { openDatabase } from "./database.ts";
import { openEnded } from "./ended.ts";
import { openByHand } from "./hand.ts";
import { openInspections } from "./inspections.ts";
import { openKeys } from "./keys.ts";
import { openLists } from "./lists.ts";
import { openOffers } from "./offers.ts";
import { openParts } from "./parts.ts";
import { openPauses } from "./pauses.ts";
import { openRecords } from "./records.ts";
import { openRefusals } from "./refusals.ts";
import { openRepeats } from "./repeats.ts";
import { openReopen } from "./reopen.ts";
import { openJobs } from "./replays.ts";
import { openSessions } from "./sessions.ts";
import { openStandings } from "./standing.ts";
import { openStore } from "./store.ts";
import { openTrials } from "./trials.ts";
import { openUpkeep } from "./upkeep.ts";

/** Nothing is read and no schema is made before the first statement. */
export function openD1(db: D1Database) {
  const run = openDatabase(db);
  return {
    store: openStore(run),
    parts: openParts(run),
    repeats: openRepeats(run),
    upkeep: openUpkeep(run),
    records: openRecords(run),
    reopen: openReopen(run),
    cancel: openCancel(run),
    openByHand: openByHand(run),
    pauses: openPauses(run),
    standings: openStandings(run),
    inspections: openInspections(run),
    trials: openTrials(run),
    jobs: openJobs(run),
    ended: openEnded(run),
    backlog: openBacklog(run),
    refusals: openRefusals(run),
    lists: openLists(run),
    offers: openOffers(run),
    keys: openKeys(run),
    sessions: openSessions(run),
    audit: openAudit(run),
  };
}
