// What a sender hears that waits for a destination's answer: that answer to this very event, in time, or that the event is here.
import { thanksFor, WITHIN_MS } from "../replying.ts";
import { type Invariant, yes } from "./invariant.ts";

/** What lies between the last moment at which an answer may come and the sender's own answer, in ms. */
const SLACK_MS = 50;

export const answersOfTheirOwn: Invariant = {
  id: "replies",
  says: "a sender that waits for an answer hears the destination's 2xx to its very event, or plainly that the event is here, and a receiver holds it no longer than the bound",
  answered(one, { plan, platform }) {
    const { answer, id, by, answeredAt } = one;
    if (!yes(one) || id === null) return null;
    const own = platform.network.arrivals.filter((arrival) => arrival.by === by && arrival.destination === "alpha");
    const [heard] = own;
    if (plan.traits.includes("replying") && heard !== undefined && answeredAt - heard.at > WITHIN_MS + SLACK_MS)
      return `the sender of ${id} was kept waiting ${answeredAt - heard.at} ms for alpha`;
    if (answer.text.startsWith('{"id":')) return null;
    if (!plan.traits.includes("replying")) return `the sender of ${id} hears ${answer.text.slice(0, 100)}`;
    const isIts = own.some(({ headers, status }) => headers["webhook-id"] === id && status === 200);
    if (answer.text !== thanksFor(id) || !isIts)
      return `the sender of ${id} hears ${answer.text.slice(0, 100)}, which alpha has not said to it`;
    return null;
  },
};
