// The rules about sources: events that go nowhere, refusals, silence. Pure.
import { HOUR_MS, MINUTE_MS, type Rule, seconds, some, span } from "./rule.ts";
import type { Cause, Seen } from "./seen.ts";

/** So many refusals in ten minutes, and more than what was accepted: strangers knock at every door. */
const REFUSALS = 20;
/** Of a sender that has the secret, so many in ten minutes. */
const GENUINE = 3;
/** What a diagnosis says where the request verifies once one thing is put right: a stranger's never does. */
const GENUINE_CODES = new Set([
  "address_new",
  "secret_has_spaces",
  "secret_has_quotes",
  "secret_has_name",
  "secret_has_scheme",
  "secret_lacks_prefix",
  "secret_has_prefix",
  "body_reencoded",
  "public_url",
  "scheme_differs",
  "secret_ended",
  "secret_form",
]);

const pageOf = (name: string) => `/sources/${encodeURIComponent(name)}`;

function astray({ source: subject, count, since, event }: Seen["unrouted"][number]): Cause {
  return { subject, since, count, context: { event } };
}

const unrouted: Rule = {
  name: "events-unrouted",
  severity: "warning",
  of: "source",
  says: "Events of a source go nowhere, because no route wants them. They are kept, and can be routed later. It is over once none has come for an hour.",
  calmMs: HOUR_MS,
  look: ({ unrouted: all }) => all.map(astray),
  title: ({ subject, count }) =>
    `${some(count, "An event", "events")} of ${subject} went nowhere, because no route takes ${count === 1 ? "it" : "them"}`,
  fix: ({ subject, context }) => ({
    says: "See why no route takes it; add a route, deploy, and send what is kept by the routes of then",
    command: `hookline routes --try ${String(context["event"])}`,
    path: `/events?source=${encodeURIComponent(subject)}&routing=unrouted`,
  }),
};

const undecided: Rule = {
  name: "route-undecided",
  severity: "warning",
  of: "source",
  says: "The condition of a route could not be decided for events of a source, so that the route did not take them. It is over once none has come for an hour.",
  calmMs: HOUR_MS,
  look: ({ undecided: all }) => all.map(astray),
  title: ({ subject, count }) =>
    `A route could not decide whether it wants ${some(count, "an event", "events")} of ${subject}`,
  fix: ({ subject, context }) => ({
    says: "The event names the route and the reason. Correct its condition, deploy, and send what is kept by the routes of then",
    command: `hookline routes --try ${String(context["event"])}`,
    path: `/events?source=${encodeURIComponent(subject)}&routing=undecided`,
  }),
};

const refusals: Rule = {
  name: "refusals-spiking",
  severity: "warning",
  of: "source",
  says: `Within ten minutes a source refused ${REFUSALS} requests or more, and more than it accepted; or ${GENUINE} or more of a sender that has the secret.`,
  calmMs: 15 * MINUTE_MS,
  look({ lately, refusals: kept }) {
    if (lately === null) return null;
    return lately.flatMap(({ source: subject, accepted, refused, since, reasons }) => {
      const own = kept.filter(({ source }) => source === subject);
      const genuine = own.filter(
        ({ code, advice }) => GENUINE_CODES.has(code) || advice.startsWith("The signature is right"),
      );
      if (genuine.length < GENUINE && (refused < REFUSALS || refused <= accepted)) return [];
      const [most] = reasons.toSorted((a, b) => b.n - a.n);
      const said = genuine.at(-1) ?? own.at(-1);
      const context = {
        accepted,
        reason: most?.reason ?? null,
        code: said?.code ?? null,
        advice: said?.advice ?? null,
      };
      return [{ subject, since, count: refused, context }];
    });
  },
  title: ({ subject, count, context }) =>
    `${subject} refused ${some(count, "a request", "requests")} in ten minutes (${String(context["reason"])}) and accepted ${String(context["accepted"])}`,
  fix: ({ subject, context }) => ({
    says:
      typeof context["advice"] === "string"
        ? context["advice"]
        : "The page of the source says what was wrong with the last of them",
    command: "hookline sources",
    path: pageOf(subject),
  }),
};

const silent: Rule = {
  name: "source-silent",
  severity: "warning",
  of: "source",
  says: "Nothing has come from a source for much longer than was usual in the two weeks before. It must have been heard for a week before it is looked at.",
  calmMs: 0,
  look: ({ gaps, now }) =>
    gaps?.flatMap(({ source: subject, heardAt, usualMs, mostMs }) => {
      const silentMs = now - heardAt;
      if (silentMs <= mostMs) return [];
      return [
        { subject, since: heardAt, count: 1, context: { silent_s: seconds(silentMs), usual_s: seconds(usualMs) } },
      ];
    }) ?? null,
  // It is over once it was heard again, or is no source any more: what was usual is forgotten at some time.
  lasts: ({ subject, since }, { gaps, sources }) =>
    sources.has(subject) && gaps?.some(({ source, heardAt }) => source === subject && heardAt > since) !== true,
  title: ({ subject, context }) =>
    `Nothing has come from ${subject} for ${span(context["silent_s"])}: in the two weeks before it was silent for ${span(context["usual_s"])}`,
  fix: ({ subject }) => ({
    says: "Look at the sender's own list of deliveries: it may be switched off, or call another address",
    command: "hookline sources",
    path: pageOf(subject),
  }),
};

export const OF_SOURCES: readonly Rule[] = [unrouted, undecided, refusals, silent];
