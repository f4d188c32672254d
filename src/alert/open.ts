// Puts alerts together: what is looked at, and how what there is to say becomes an event.
import type { Alerts } from "../d1/alerts.ts";
import type { Use } from "../contract/use.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { EnterDeps } from "../in/enter.ts";
import type { IntakeDoor } from "../intake/door.ts";
import { limitsIn } from "./limits.ts";
import { openSendNotice } from "./send.ts";
import { openWatch, type Watch, type WatchDeps } from "./watch.ts";

interface AlertingDeps extends EnterDeps, Pick<WatchDeps, "ending" | "now" | "newId" | "log"> {
  readonly config: EnterDeps["config"] & WatchDeps["config"];
  readonly intake: EnterDeps["intake"] & Pick<IntakeDoor, "status">;
  readonly alerts: Alerts;
  readonly feed: Pick<FeedDoor, "lately" | "silences">;
  readonly used: () => Promise<Use>;
  /** Keeps an invocation alive for first attempts. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** For the sweeps of one isolate. */
export function openAlerting({ feed, used, waitUntil, ...deps }: AlertingDeps): Watch {
  return openWatch({
    ...deps,
    newId: () => `alert_${deps.newId()}`,
    lately: (since) => feed.lately(since),
    gaps: () => feed.silences(),
    limits: async () => limitsIn(await used()),
    journal: () => deps.intake.status(),
    // Nobody waits for these answers, so that they are in no figure of how long senders wait.
    send: openSendNotice({ ...deps, acked: () => {} }, { waitUntil }),
  });
}
