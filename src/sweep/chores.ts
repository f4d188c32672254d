// What is due now and then beside the sweep: address lists are asked for, and senders for what never came; secrets that
// nobody came for are forgotten.
import type { Offers } from "../d1/offers.ts";
import type { Config } from "../config/configured.ts";
import { fillGaps, type GapsDeps } from "./gaps.ts";
import { LIST } from "../net/inquiries.ts";
import type { Resolve } from "../net/resolve.ts";
import { openAsk, openFetchText } from "../net/send.ts";
import { refresh, type RefreshDeps } from "./refresh.ts";

export interface ChoresDeps extends RefreshDeps, GapsDeps {
  readonly config: Pick<Config, "sources">;
  readonly offers: Pick<Offers, "expire">;
}

/** How lists are asked for, of addresses and of deliveries: nobody waits. */
export function inquiries(resolve: Resolve | null): Pick<ChoresDeps, "fetchText" | "ask"> {
  const { most, timeoutMs } = LIST;
  return { fetchText: openFetchText(most, timeoutMs), ask: openAsk(most, timeoutMs, resolve) };
}

/** Never rejects, and touches nothing where no source has need of it. */
export async function chores(deps: ChoresDeps): Promise<void> {
  const { config, offers, now, log } = deps;
  await refresh(deps);
  await fillGaps(deps);
  const handing = [...config.sources.values()].some(({ scheme }) =>
    scheme.handshake?.some(({ reveals }) => reveals !== undefined),
  );
  if (!handing) return;
  try {
    await offers.expire(now());
  } catch (error) {
    log.warn("handshake.offers_not_expired", { error: String(error) });
  }
}
