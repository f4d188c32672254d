// An event that its sender's own API has told of:
// accepted like any other, though no request of the sender's brought it.
import { member, parseJson } from "../bytes/json.ts";
import type { Config, ConfiguredSource } from "../config/configured.ts";
import { problem } from "../errors.ts";
import { toWire } from "../reasons.ts";
import type { Inbound } from "../verify/readings.ts";
import { idOf } from "./event-id.ts";
import { identify } from "./identify.ts";
import { type After, enter, type EnterDeps, type Refuse } from "./enter.ts";

/** Events that a sender's API has told of. */
export interface Fetched {
  /**
   * Whether each is one that D1 does not have. What is here already is not taken again: that would count as a repeat of
   * the sender's, which opens what has failed.
   */
  fresh(source: string, events: readonly unknown[]): Promise<readonly boolean[]>;
  /** What became of it: it is here by now, or it is not. */
  take(source: string, event: unknown, by: string): Promise<"accepted" | "duplicate" | "refused">;
}

/**
 * It is the sender's because its API has said it to us over TLS, and to nobody who does not hold our credential: that
 * stands in the place of a signature, and in the history in the place of the secret's name.
 *
 * @param after keeps the invocation alive for first attempts
 */
export function openFetched(deps: EnterDeps & { readonly config: Pick<Config, "sources"> }, after: After): Fetched {
  return {
    async fresh(name, events) {
      const source = deps.config.sources.get(name);
      if (source === undefined || events.length === 0) return events.map(() => true);
      const ids = await Promise.all(
        events.map(async (event) => {
          const inbound = asSent(event, source);
          const identity = identify(inbound, source.scheme, source.settings);
          return await idOf(identity, source, deps.now(), inbound.body, deps.newId);
        }),
      );
      const known = new Set((await deps.repeats(ids)).map(({ id }) => id));
      return ids.map((id) => !known.has(id));
    },

    async take(name, event, by) {
      const source = deps.config.sources.get(name);
      if (source === undefined) return "refused";
      const inbound = asSent(event, source);
      if (inbound.body.byteLength > source.maxBody) return "refused";
      const verified = { verifiedBy: `fetched with ${by}`, news: null, waits: false };
      const answer = await enter(inbound, source, verified, deps, refuse, after);
      if (!answer.ok) return "refused";
      return member(parseJson(await answer.text()), ["status"]) === "duplicate" ? "duplicate" : "accepted";
    },
  };
}

/** As the sender's request would have had it, but for what no API tells: its spelling, and its headers. */
function asSent(event: unknown, { publicUrl }: Pick<ConfiguredSource, "publicUrl">): Inbound {
  return {
    method: "POST",
    url: publicUrl ?? "https://hookline.invalid/",
    headers: new Headers({ "content-type": "application/json; charset=utf-8" }),
    body: new TextEncoder().encode(JSON.stringify(event)),
  };
}

const refuse: Refuse = (rejection) => problem(toWire(rejection));
