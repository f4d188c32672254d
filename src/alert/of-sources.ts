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
  says: "No route takes some events of a source. The relay keeps them, and you can route them later. The alert ends when none has arrived for an hour.",
  calmMs: HOUR_MS,
  look: ({ unrouted: all }) => all.map(astray),
  title: ({ subject, count }) =>
    `${some(count, "An event", "events")} of ${subject} went nowhere, because no route takes ${count === 1 ? "it" : "them"}`,
  fix: ({ subject, context }) => ({
    says: "Add a route, deploy, and route the kept events again. To see why no route takes this one, try it",
    command: `hookline routes --try ${String(context["event"])}`,
    path: `/events?source=${encodeURIComponent(subject)}&routing=unrouted`,
  }),
};

const undecided: Rule = {
  name: "route-undecided",
  severity: "warning",
  of: "source",
  says: "The condition of a route failed for events of a source, so the route did not take them. The alert ends when none has arrived for an hour.",
  calmMs: HOUR_MS,
  look: ({ undecided: all }) => all.map(astray),
  title: ({ subject, count }) =>
    `A route could not decide whether it wants ${some(count, "an event", "events")} of ${subject}`,
  fix: ({ subject, context }) => ({
    says: "Correct the condition, deploy, and route the kept events again. To see the route and the reason, try the event",
    command: `hookline routes --try ${String(context["event"])}`,
    path: `/events?source=${encodeURIComponent(subject)}&routing=undecided`,
  }),
};

const refusals: Rule = {
  name: "refusals-spiking",
  severity: "warning",
  of: "source",
  says: `Within ten minutes a source refused ${REFUSALS} requests or more, and more than it accepted; or it refused ${GENUINE} or more from a sender that has the secret.`,
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
        : "The page of the source says why the last requests were refused",
    command: "hookline sources",
    path: pageOf(subject),
  }),
};

const silent: Rule = {
  name: "source-silent",
  severity: "warning",
  of: "source",
  says: "A source has been silent for much longer than was usual in the two weeks before. The rule needs a week of events before it looks at a source.",
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
    says: "Check the sender's own list of deliveries: the webhook may be disabled, or have another URL",
    command: "hookline sources",
    path: pageOf(subject),
  }),
};

export const OF_SOURCES: readonly Rule[] = [unrouted, undecided, refusals, silent];
