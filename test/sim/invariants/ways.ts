// What a bucket has taken: one object for an event, with its bytes, whatever was tried again.
import { same } from "../ledger.ts";
import { bodyOf } from "../senders.ts";
import { keptBodyOf } from "../redacted.ts";
import { ARCHIVE } from "../traits.ts";
import { DESK } from "../listening.ts";
import { first, type Invariant } from "./invariant.ts";

export const archived: Invariant = {
  id: "archive",
  says: "what was delivered to a bucket stands there under a key of its event's own, byte for byte",
  ended(ledger) {
    const kept = ledger.moves.filter(({ destination, to }) => destination === ARCHIVE && to === "delivered");
    return first(kept, ({ id }) => {
      const letter = ledger.letterOf(id);
      // An edited event was never posted.
      if (letter === null) return null;
      const object = ledger.platform.bucket.objects.get(`${letter.source}/${id}`);
      if (object === undefined) return `${id} is delivered to the bucket, which has no object of its own for it`;
      // What is left of a redacted event is what a replay sends.
      const own = [bodyOf(letter), keptBodyOf(letter, ledger.plan.traits)];
      return own.some((body) => same(object, body)) ? null : `the bucket has other bytes for ${id} than were sent`;
    });
  },
};

export const lookedUp: Invariant = {
  id: "names looked up",
  says: "where names are looked up, nothing arrives at one that leads inwards, or that the resolver has never answered for",
  arrived({ destination, url }, { plan, platform }) {
    if (destination === DESK) return null;
    if (!plan.traits.includes("looked") || (destination === "beta" && plan.traits.includes("bound"))) return null;
    const { hostname } = new URL(url);
    if (hostname === platform.resolver.inward) return `${hostname} leads inwards, and has got an event`;
    return platform.resolver.known.has(hostname) ? null : `${hostname} has got an event, and was never looked up`;
  },
  fetched({ url }, { plan, platform }) {
    const { hostname } = new URL(url);
    const isKnown = !plan.traits.includes("looked") || platform.resolver.known.has(hostname);
    return isKnown ? null : `${hostname} was asked for what an event names, and was never looked up`;
  },
};
