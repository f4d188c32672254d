// What is due now and then beside the sweep: address lists are asked for, secrets that nobody came for are forgotten.
import type { Offers } from "../d1/offers.ts";
import type { Config } from "../config/configured.ts";
import { refresh, type RefreshDeps } from "./refresh.ts";

export interface ChoresDeps extends RefreshDeps {
  readonly config: Pick<Config, "sources">;
  readonly offers: Pick<Offers, "expire">;
}

/** Never rejects, and touches nothing where no source has need of it. */
export async function chores(deps: ChoresDeps): Promise<void> {
  const { config, offers, now, log } = deps;
  await refresh(deps);
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
