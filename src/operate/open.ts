// Puts the operator together out of its rooms.
import type { Records } from "../d1/records.ts";
import type { Operator } from "./operator.ts";
import type { Totals } from "../feed/tally.ts";
import { openHistory } from "./history.ts";
import { type KeysDeps, openKeys } from "./keys.ts";
import { openOperations, type OperationsDeps } from "./operations.ts";
import { openOverview, type OverviewDeps } from "./overview.ts";
import { openReplay, type ReplayDeps } from "./replay.ts";
import { openReplays, type OpenReplaysDeps } from "./replays.ts";
import { openSources, type SourcesDeps } from "./sources.ts";

/** What the rooms are given, once each. */
export type OperatorDeps = ReplayDeps &
  KeysDeps &
  OpenReplaysDeps &
  Omit<OperationsDeps, "window"> &
  Omit<SourcesDeps, "totals"> &
  Omit<OverviewDeps, "sources" | "destinations"> & {
    readonly records: Records;
    /** What each source and destination did in the last 24 hours. */
    readonly totals: () => Promise<Totals>;
  };

/** Everything that an operator may look at and do. */
export function openOperator(deps: OperatorDeps): Operator {
  const { totals } = deps;
  const sources = openSources(deps);
  const operations = openOperations({ ...deps, window: async () => (await totals()).destinations });
  return {
    ...openHistory(deps.records),
    ...sources,
    ...operations,
    ...openOverview({ ...deps, sources: sources.sources, destinations: operations.destinations }),
    replay: openReplay(deps),
    replays: openReplays(deps),
    keys: openKeys(deps),
  };
}
