// What a thin event names: fetched from one host alone, once for all who want it, and kept beside the event.
import type { Ledger } from "../ledger.ts";
import type { Arrival } from "../network.ts";
import type { Plan } from "../plan.ts";
import { bodyOf } from "../senders.ts";
import { CANARY } from "../settings.ts";
import { pathOf, THINGS, WANTING } from "../things.ts";
import type { Invariant } from "./invariant.ts";

const WANT: ReadonlySet<string> = new Set(WANTING);

/** Whether a request must carry what is made of a thing. */
export function isOfThing({ destination, headers }: Arrival, { traits }: Plan): boolean {
  return traits.includes("thin") && WANT.has(destination) && headers["hookline-source"] === "thin";
}

/** What stands beside an event, or `null`. */
function keptBeside(id: string, { platform: { d1 } }: Ledger): string | null {
  if (!d1.hasTable("events")) return null;
  const [row] = d1.look<{ object: string | null }>("SELECT object FROM events WHERE id = ?1", id);
  if (row === undefined || row.object === null) return null;
  const { text } = Object(JSON.parse(row.object));
  return String(text);
}

/** Deliveries of which the last claim could already see what was kept, and the first that was seen beside each event. */
const seen = new WeakMap<Ledger, { claims: Map<string, boolean>; kept: Map<string, string> }>();
function seenBy(ledger: Ledger) {
  const known = seen.get(ledger) ?? { claims: new Map<string, boolean>(), kept: new Map<string, string>() };
  seen.set(ledger, known);
  return known;
}

export const things: Invariant = {
  id: "I-32",
  says: "what a thin event names is fetched from the configured host alone and with its credential alone; it is kept beside the event, never fetched again once a claim could see it, and what arrives is made of that, or nothing arrives",
  moved({ id, destination, by, to }, ledger) {
    if (!WANT.has(destination)) return null;
    const { claims, kept } = seenBy(ledger);
    const name = `${id}:${destination}`;
    const beside = keptBeside(id, ledger);
    if (to !== "delivering") claims.delete(name);
    if (by === "claim") claims.set(name, beside !== null);
    const before = kept.get(id);
    if (beside === null)
      return before === undefined || ledger.ordered.has(id) ? null : `what was kept beside ${id} is gone`;
    kept.set(id, before ?? beside);
    return before === undefined || before === beside ? null : `beside ${id} stands ${beside} in the place of ${before}`;
  },
  fetched({ url, method, headers }, ledger) {
    const { authorization, accept: _, ...rest } = headers;
    const asks = authorization === `Bearer ${CANARY}-things-key` && method === "GET";
    if (!asks || JSON.stringify([rest, url]).includes(CANARY))
      return `${url} was asked for by ${JSON.stringify(headers)}`;
    const letter = ledger.begun.find(
      (one) => one.letter.source === "thin" && url === `${THINGS}${pathOf(one.letter.key)}`,
    )?.letter;
    if (letter === undefined) return `${url} was asked for, and no event names it`;
    if (ledger.skewed) return null;
    const known = [...seenBy(ledger).claims].filter(([name]) => keyOf(name, ledger) === letter.key);
    return known.length > 0 && known.every(([, kept]) => kept)
      ? `${url} was asked for again, and each that could ask had it beside its event when it was claimed`
      : null;
  },
  arrived(arrival, ledger) {
    if (!isOfThing(arrival, ledger.plan)) return null;
    const { destination, headers, body } = arrival;
    const id = headers["webhook-id"] ?? "";
    const text = Buffer.from(body).toString();
    const kept = keptBeside(id, ledger);
    if (kept === null) return `${destination} got ${text.slice(0, 100)} for ${id}, beside which nothing is kept`;
    if (text !== `{"id":${JSON.stringify(id)},"thing":${kept}}`)
      return `${destination} got ${text.slice(0, 100)} for ${id}, beside which ${kept.slice(0, 100)} is kept`;
    const letter = ledger.letterOf(id);
    if (letter === null) return null;
    return ledger.platform.things.said.get(pathOf(letter.key))?.has(kept) === true
      ? null
      : `beside ${id} is kept ${kept.slice(0, 100)}, which was never said of what ${bodyOf(letter).toString()} names`;
  },
};

function keyOf(delivery: string, ledger: Ledger): string | null | undefined {
  return ledger.letterOf(delivery.split(":")[0] ?? "")?.key;
}
