// An event that its sender's own API has told of:
// accepted like any other, though no request of the sender's brought it.
import { member, parseJson } from "../bytes/json.ts";
import type { Config } from "../config/configured.ts";
import { problem } from "../errors.ts";
import { toWire } from "../reasons.ts";
import type { Inbound } from "../verify/readings.ts";
import { type After, enter, type EnterDeps, type Refuse } from "./enter.ts";

/** What became of it: it is here by now, or it is not. */
export type TakeFetched = (source: string, event: unknown, by: string) => Promise<"accepted" | "duplicate" | "refused">;

/**
 * It is the sender's because its API has said it to us over TLS, and to nobody who does not hold our credential: that
 * stands in the place of a signature, and in the history in the place of the secret's name.
 *
 * @param after keeps the invocation alive for first attempts
 */
export function openFetched(deps: EnterDeps & { readonly config: Pick<Config, "sources"> }, after: After): TakeFetched {
  return async (name, event, by) => {
    const source = deps.config.sources.get(name);
    if (source === undefined) return "refused";
    const inbound: Inbound = {
      method: "POST",
      url: source.publicUrl ?? "https://hookline.invalid/",
      headers: new Headers({ "content-type": "application/json; charset=utf-8" }),
      body: new TextEncoder().encode(JSON.stringify(event)),
    };
    if (inbound.body.byteLength > source.maxBody) return "refused";
    const verified = { verifiedBy: `fetched with ${by}`, news: null, waits: false };
    const answer = await enter(inbound, source, verified, deps, refuse, after);
    if (!answer.ok) return "refused";
    return member(parseJson(await answer.text()), ["status"]) === "duplicate" ? "duplicate" : "accepted";
  };
}

const refuse: Refuse = (rejection) => problem(toWire(rejection));
