// `/alerts`: what is wrong now, with its fix; what was; and by which rules somebody is told.
import { Hono } from "hono";
import { ALERT_RULES, type AlertAnswer, alertParameters, type AlertsAnswer } from "../../contract/alerts.ts";
import { ask } from "../../contract/question.ts";
import { flashOf } from "../words/flash.ts";
import { lengthOf, muteInWords, TELLING, toldInWords } from "../words/alerts.ts";
import { KeyboardHelp } from "../parts/keyboard.tsx";
import { Page } from "../parts/layout.tsx";
import { by, done, field, needs, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Copyable, Empty, Exactly, Facts, Foreign, LivePill, Pager, Post, StateBadge, When } from "../parts/parts.tsx";
import { number } from "../words/words.ts";

/** So many open ones are shown: the commands and the API have all of them. */
const MOST = 100;

export function alertsPages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/alerts", async (c) => {
    const url = new URL(c.req.url);
    const asked = ask(alertParameters, url.searchParams);
    if (!asked.ok) c.status(400);
    const { alerts } = deps.operator;
    const past = await alerts.list({ limit: 50, cursor: null, ...(asked.ok ? asked.value : {}), state: "ended" });
    const { alerts: open } = await alerts.list({ state: "open", limit: MOST, cursor: null });
    const now = deps.now();
    const mayMute = deps.access.allows(c.var.caller, "operator");
    return show(
      c,
      <Page
        title={open.length === 0 ? "Alerts" : `${open.length} open: Alerts`}
        caller={c.var.caller}
        current="alerts"
        flash={flashOf(url)}
        styles={["past.css", "operate.css"]}
        scripts={["live.js", "renew.js", "keys.js", "copy.js"]}
      >
        <h1>
          Alerts <LivePill />
        </h1>
        {asked.ok ? null : <p class="fault">{asked.detail}</p>}
        {past.routed ? null : <NobodyIsTold />}
        {/* What happens is told at once, and what is wrong with it some seconds later. */}
        <section aria-labelledby="open" data-renew="open" data-between="5" data-every="15">
          <h2 id="open">Open</h2>
          {open.length === 0 ? (
            <Empty title="Nothing is wrong" />
          ) : (
            <div data-rows>
              {open.map((one) => (
                <Open alert={one} now={now} once={mayMute ? deps.newId() : null} />
              ))}
            </div>
          )}
        </section>
        <section aria-labelledby="past" data-renew="past">
          <h2 id="past">Over</h2>
          {past.alerts.length === 0 ? <Empty title="No past alert yet" /> : <Past alerts={past.alerts} now={now} />}
          <Pager url={url} next={past.next} complete />
        </section>
        <Mutes mutes={past.mutes} now={now} newId={mayMute ? deps.newId : null} />
        <Rules rules={past.rules} />
        <KeyboardHelp />
      </Page>,
    );
  });

  app.post("/alerts/mute", needs(deps, "operator", "alerts"), async (c) => {
    const form = await c.req.formData();
    const hours = HOURS.find(([n]) => String(n) === field(form, "hours"))?.[0] ?? 1;
    const order = { rule: ruleIn(form), subject: field(form, "subject") || null, until: deps.now() + hours * HOUR_MS };
    const muted = await deps.operator.acts["alerts.mute"](null, by(c, form), order);
    return muted.ok ? done(c, "/alerts", "muted") : refuse(c, "alerts", muted.problem);
  });

  app.post("/alerts/unmute", needs(deps, "operator", "alerts"), async (c) => {
    const form = await c.req.formData();
    const order = { rule: ruleIn(form), subject: field(form, "subject") || null };
    const unmuted = await deps.operator.acts["alerts.unmute"](null, by(c, form), order);
    return unmuted.ok ? done(c, "/alerts", "unmuted") : refuse(c, "alerts", unmuted.problem);
  });
  return app;
}

const HOUR_MS = 3_600_000;
/** For how long it may be muted from the page; the command takes any time. */
const HOURS = [
  [1, "1 hour"],
  [4, "4 hours"],
  [24, "1 day"],
  [168, "7 days"],
] as const;

function ruleIn(form: FormData) {
  return ALERT_RULES.find((name) => name === field(form, "rule")) ?? null;
}

function ForHowLong() {
  return (
    <label>
      For
      <select name="hours">
        {HOURS.map(([n, label]) => (
          <option value={n}>{label}</option>
        ))}
      </select>
    </label>
  );
}

function NobodyIsTold() {
  return (
    <div class="notice">
      <p>
        <StateBadge state="lost" label="no notices" /> No route sends events of the built-in source{" "}
        <code>hookline</code> to a destination, so no notice is sent. Add these lines to <code>wrangler.toml</code>,
        with the name of one of your destinations for <code>NAME</code>:
      </p>
      <Copyable text={TELLING.join("\n")} label="lines" />
    </div>
  );
}

/** What was seen, by name: `last_status` is `Last status`. */
function seen({ context }: AlertAnswer) {
  return Object.entries(context).flatMap(([name, value]) =>
    value === null || name === "advice" || name === "says" ? [] : [[inWords(name), String(value)] as const],
  );
}

function inWords(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
}

interface OpenProps {
  readonly alert: AlertAnswer;
  readonly now: number;
  /** `null` for whoever may not mute. */
  readonly once: string | null;
}

function Open({ alert, now, once }: OpenProps) {
  const { id, severity, title, rule, subject, since, count, fix, muted_until: muted } = alert;
  return (
    <article class="card" aria-labelledby={`alert-${id}`}>
      <h3 id={`alert-${id}`}>
        <Severity severity={severity} /> <Foreign text={title} />
      </h3>
      <Facts
        rows={[
          ["Since", <When at={since} now={now} />],
          ["Count", number(count)],
          ...seen(alert).map(([name, value]) => [name, <Foreign text={value} />] as const),
          ["Rule", <a href={`#rule-${rule}`}>{rule}</a>],
          ["Notified", toldInWords(alert)],
          ...(muted === null ? [] : [["Muted until", <Exactly at={muted} />] as const]),
        ]}
      />
      <p>
        <Foreign text={fix.says} />:
      </p>
      <Copyable text={fix.command} label="command" />
      <p>
        <a class="button" href={fix.path} data-open>
          Go to it
        </a>
      </p>
      {once === null || muted !== null ? null : (
        <Post action="/alerts/mute" label="Mute" once={once} fields={{ rule, subject }}>
          <ForHowLong />
        </Post>
      )}
    </article>
  );
}

function Severity({ severity }: { readonly severity: AlertAnswer["severity"] }) {
  return <StateBadge state={severity === "critical" ? "failed" : "retry"} label={severity} />;
}

function Past({ alerts, now }: { readonly alerts: readonly AlertAnswer[]; readonly now: number }) {
  return (
    <div class="list">
      <table class="stacked" data-rows>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Rule</th>
            <th scope="col">Since (UTC)</th>
            <th scope="col">Lasted</th>
            <th scope="col">Notified</th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((one) => (
            <tr>
              <th scope="row" class="what">
                <a href={one.fix.path} data-open>
                  <Foreign text={one.title} />
                </a>
              </th>
              <td data-label="Rule">{one.rule}</td>
              <td data-label="Since">
                <Exactly at={one.since} />
              </td>
              <td data-label="Lasted">{lengthOf(one, now)}</td>
              <td data-label="Notified">{toldInWords(one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface MutesProps {
  readonly mutes: AlertsAnswer["mutes"];
  readonly now: number;
  /** `null` for whoever may not mute. */
  readonly newId: (() => string) | null;
}

/** What is muted for now, the way to end it, and the way to mute more. */
function Mutes({ mutes, now, newId }: MutesProps) {
  return (
    <section class="muting" aria-labelledby="mutes">
      <h2 id="mutes">Muted for now</h2>
      {mutes.length === 0 ? (
        <p class="note">Nothing is muted. A muted alert stays on record, but no notice is sent when it begins.</p>
      ) : (
        <ul class="mutes">
          {mutes.map((one) => (
            <li>
              <StateBadge state="held" label="muted" /> <Foreign text={muteInWords(one)} /> until{" "}
              <Exactly at={one.until} />, by <Foreign text={one.by} /> <When at={one.since} now={now} />
              {newId === null ? null : (
                <Post
                  action="/alerts/unmute"
                  label={`Unmute ${muteInWords(one)}`}
                  once={newId()}
                  fields={{ rule: one.rule ?? "", subject: one.subject ?? "" }}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {newId === null ? null : (
        <Post action="/alerts/mute" label="Mute" once={newId()}>
          <label>
            Rule
            <select name="rule">
              <option value="">every rule</option>
              {ALERT_RULES.map((name) => (
                <option value={name}>{name}</option>
              ))}
            </select>
          </label>
          <label>
            Source or destination
            <input name="subject" maxlength={200} placeholder="all of them" />
          </label>
          <ForHowLong />
        </Post>
      )}
    </section>
  );
}

function Rules({ rules }: Pick<AlertsAnswer, "rules">) {
  return (
    <section aria-labelledby="rules">
      <h2 id="rules">Rules</h2>
      <div class="list">
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col">Rule</th>
              <th scope="col">Severity</th>
              <th scope="col">When it is raised</th>
              <th scope="col">Notified</th>
            </tr>
          </thead>
          <tbody>
            {rules.map(({ name, severity, says, muted }) => (
              <tr id={`rule-${name}`}>
                <th scope="row">{name}</th>
                <td data-label="Severity">
                  <Severity severity={severity} />
                </td>
                <td data-label="When it is raised">{says}</td>
                <td data-label="Notified">{muted ? <StateBadge state="held" label="muted" /> : "yes"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
