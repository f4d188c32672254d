// Puts the operator together: everything that may be looked at and done, in one list. The API and the pages are two
// faces of it; neither knows more.
import type { Config } from "../config/configured.ts";
import type { ConfigurationAnswer } from "../contract/configuration.ts";
import type { Totals } from "../feed/tally.ts";
import type { Archive } from "../archive/open.ts";
import { openAlertLooks } from "./alerts.ts";
import { openArchiveLooks, openBack } from "./archive.ts";
import { openCancel } from "./cancel.ts";
import { type CostsDeps, openCosts } from "./costs.ts";
import { openDelete } from "./delete.ts";
import { openDestinations } from "./destinations.ts";
import { openDry } from "./dry.ts";
import { openEdit } from "./edit.ts";
import { openErasureActs, openErasureLooks } from "./erasures.ts";
import { openExport } from "./export.ts";
import { openLookNow } from "./gaps.ts";
import { openHistory } from "./history.ts";
import { openImport } from "./import.ts";
import { openInspections, openScript } from "./inspect.ts";
import { openKeyActs, openKeyLooks } from "./keys.ts";
import type { Acts, VerbDeps } from "./operator.ts";
import { type MetricsDeps, openMeasure, openMetrics } from "./metrics.ts";
import { backlogNow, openOverview, type OverviewDeps } from "./overview.ts";
import { openMuteActs } from "./mute.ts";
import { openPause, openResume } from "./pause.ts";
import { openReplay } from "./replay.ts";
import { openReplayActs, openReplayLooks } from "./replays.ts";
import { openRouting, openTries } from "./route.ts";
import { openSendTo } from "./send-to.ts";
import { openReveal, openSources } from "./sources.ts";
import { openTest } from "./test.ts";
import { openTunnel } from "./tunnel.ts";

/** What the operator is given, once. */
export interface OperatorDeps extends Omit<VerbDeps, "config" | "destination">, Pick<OverviewDeps, "intake" | "use"> {
  readonly feed: OverviewDeps["feed"] & MetricsDeps["feed"] & CostsDeps["feed"];
  /** Where goes what is not kept any longer, if there is such a place. */
  readonly archive: Archive | null;
  readonly config: Pick<
    Config,
    | "sources"
    | "disabled"
    | "destinations"
    | "routes"
    | "adminToken"
    | "written"
    | "missing"
    | "findings"
    | "ends"
    | "alerts"
    | "plan"
    | "keepings"
  >;
  /** What each source and destination did in the last 24 hours. */
  readonly totals: () => Promise<Totals>;
}

export type Operator = ReturnType<typeof openOperator>;

/** Everything that an operator may look at and do. */
export function openOperator(deps: OperatorDeps) {
  const { tables, totals, archive } = deps;
  const { sources, secrets, refusals } = openSources({ ...deps, ...tables });
  const destinations = openDestinations({
    ...deps,
    ...tables,
    window: async () => (await totals()).destinations,
  });
  const given: VerbDeps = { ...deps, destination: destinations.destination };
  const back = openBack(archive, tables.records);
  const routing = openRouting({ ...given, config: deps.config });
  const acts = {
    replay: back(openReplay(given)),
    cancel: openCancel(given),
    send: back(openSendTo(given)),
    ...routing,
    route: back(routing.route),
    ...openDry({ ...given, config: deps.config }),
    edit: back(openEdit(given)),
    // Deleted where every other event is: its segment is written anew without it.
    delete: back(openDelete(given)),
    test: openTest(given),
    pause: openPause(given),
    resume: openResume(given),
    script: openScript(given),
    "offers.reveal": openReveal(given),
    ...openReplayActs(given),
    ...openKeyActs(given),
    ...openMuteActs(given),
    "gaps.look": openLookNow(given),
    ...openErasureActs(given, archive !== null),
    ...openImport(deps),
  } satisfies Acts;
  const measured = {
    ...deps,
    destinations: destinations.destinations,
    backlog: () => backlogNow({ ...deps, ...tables }),
  };
  return {
    ...openHistory(tables.records, archive),
    archive: openArchiveLooks(archive),
    /** The history as lines, a page at a time. */
    exports: openExport(deps),
    sources,
    secrets,
    refusals,
    ...destinations,
    ...openTries(deps),
    tunnel: openTunnel(deps),
    /** What the relay runs with, to be held against what is about to be deployed. */
    configuration: (): ConfigurationAnswer => toConfiguration(deps.config),
    ...openInspections(given),
    ...openOverview({ ...deps, ...tables, sources, destinations: destinations.destinations }),
    /** What a scraper asks for. */
    metrics: openMetrics(measured),
    /** The same, of counters that are pushed. */
    measure: openMeasure(measured),
    /** What the last day and the month cost, and for whom. */
    costs: openCosts(deps),
    replays: openReplayLooks({ ...given, use: deps.use }),
    erasures: openErasureLooks(tables.erasures),
    keys: openKeyLooks(given),
    alerts: openAlertLooks({ ...deps, ...tables }),
    acts,
  };
}

function toConfiguration({ written, missing }: Pick<Config, "written" | "missing">): ConfigurationAnswer {
  return { vars: { ...written.vars }, secrets: [...written.secrets], missing: [...missing] };
}
