// `/routes/try`: what a transform or a condition makes of an event, the body before and after beside each other.
import { Hono } from "hono";
import { type DriedMany, dryManyOrder, MOST_DRY, type TriedDry } from "../../contract/routing.ts";
import type { By, Done } from "../../operate/operator.ts";
import { by, field, needs, type PageContext, type PageDeps, type PageEnv, show } from "../page.tsx";
import { Page } from "../parts/layout.tsx";
import { Foreign, StateBadge } from "../parts/parts.tsx";
import { conditionInWords, spreadOut } from "../words/routing.ts";
import { visible } from "../words/words.ts";
import { ownSource } from "../words/alerts.ts";

/** What stands in the form. */
interface Asked {
  readonly event: string;
  /** In the place of an event: the last ones of this source. */
  readonly source: string;
  readonly type: string;
  readonly last: string;
  readonly route: string;
  readonly transform: string;
  readonly when: string;
}

export function tryPages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/routes/try", needs(deps, "operator", "routes"), async (c) => {
    const read = (name: string) => c.req.query(name) ?? "";
    const asked = { event: read("event"), source: read("source"), type: read("type"), route: read("route") };
    return await answer(c, { ...asked, last: "10", transform: "", when: "" }, null);
  });
  app.post("/routes/try", needs(deps, "operator", "routes"), async (c) => {
    const form = await c.req.formData();
    const read = (name: string) => field(form, name).trim();
    const of = { event: read("event"), source: read("source"), type: read("type"), last: read("last") };
    const asked = { ...of, route: read("route"), transform: read("transform"), when: read("when") };
    return await answer(c, asked, form);
  });
  return app;

  async function answer(c: PageContext, asked: Asked, form: FormData | null): Promise<Response> {
    // Whoever only opens the page for a source has pressed nothing.
    const isAsked = asked.event !== "" || form !== null;
    const tried = isAsked ? await outcomeOf(asked, by(c, form ?? new FormData())) : null;
    if (tried?.ok === false) c.status(tried.problem.status === 404 ? 404 : 400);
    const fault = tried?.ok === false ? (tried.problem.detail ?? tried.problem.title) : null;
    return await show(
      c,
      <Page title="Try a transform" caller={c.var.caller} current="routes" styles={["operate.css", "routes.css"]}>
        <p class="trail">
          <a href="/routes">Routes</a> <span aria-hidden="true">/</span> Try
        </p>
        <h1>Try a transform</h1>
        <p class="lead">Nothing is stored and nothing is sent.</p>
        <Form
          asked={asked}
          routes={deps.operator.routes().map(({ name }) => name)}
          sources={[...deps.config.sources.keys(), ...ownSource(deps.config)]}
          fault={fault}
        />
        {tried?.ok === true ? <Outcomes tried={tried.value} /> : null}
      </Page>,
    );
  }

  /** Of one event, or of the last ones of a source. */
  async function outcomeOf({ event, source, type, last, ...asked }: Asked, who: By): Promise<Done<Outcome>> {
    const { acts } = deps.operator;
    const order = { route: asked.route || null, transform: asked.transform || null, when: asked.when || null };
    if (event !== "") {
      const rest = { source: null, type: null, headers: {}, body: "" };
      return await acts["transforms.try"](null, who, { ...order, ...rest, event });
    }
    if (source === "") return wrong("Name an event, or choose a source");
    const read = dryManyOrder.safeParse({ ...order, source, type: type || null, last: Number(last) });
    if (!read.success) return wrong(`How many: ${read.error.issues[0]?.message ?? "is wrong"}`);
    return await acts["transforms.try-stored"](null, who, read.data);
  }
}

function wrong(detail: string): Done<never> {
  return { ok: false, problem: { status: 400, title: "Bad Request", detail } };
}

type Outcome = TriedDry | DriedMany;

interface FormProps {
  readonly asked: Asked;
  readonly routes: readonly string[];
  readonly sources: readonly string[];
  readonly fault: string | null;
}

function Form({ asked, routes, sources, fault }: FormProps) {
  return (
    <form method="post" action="/routes/try" class="card">
      {fault === null ? null : (
        <p class="fault" role="alert">
          <Foreign text={fault} />
        </p>
      )}
      <label>
        <span>Event</span>
        <input name="event" value={asked.event} autocomplete="off" placeholder="evt_\u2026" />
      </label>
      <fieldset>
        <legend>Or the last events of a source</legend>
        <label>
          <span>Source</span>
          <select name="source">
            <option value="">none</option>
            {sources.map((name) => (
              <option value={name} selected={name === asked.source}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Type</span>
          <input name="type" value={asked.type} autocomplete="off" placeholder="every type" />
        </label>
        <label>
          <span>How many</span>
          <input name="last" type="number" min={1} max={MOST_DRY} value={asked.last} />
        </label>
      </fieldset>
      <label>
        <span>Route</span>
        <select name="route">
          <option value="">every route of its source</option>
          {routes.map((name) => (
            <option value={name} selected={name === asked.route}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Another transform, in JSONata</span>
        <textarea name="transform" rows={3} spellcheck={false} maxlength={4_000}>
          {asked.transform}
        </textarea>
      </label>
      <label>
        <span>Another condition, in CEL</span>
        <textarea name="when" rows={2} spellcheck={false} maxlength={4_000}>
          {asked.when}
        </textarea>
      </label>
      <button type="submit">Try</button>
    </form>
  );
}

function Outcomes({ tried }: { readonly tried: Outcome }) {
  if ("before" in tried) return <OfOne tried={tried} id="outcome" />;
  const { source, events, complete } = tried;
  const failed = events.filter((one) => one.tried.some(({ error, undecided }) => (error ?? undecided) !== null)).length;
  return (
    <>
      <p class="note" role="status">
        {events.length} {events.length === 1 ? "event" : "events"} of {source}, {failed} with an error.
        {complete ? "" : " There may be more, further back."}
      </p>
      {events.map((one, n) => (
        <OfOne tried={one} id={`outcome-${n}`} skipped={one.skipped} cut={one.cut} />
      ))}
    </>
  );
}

interface OfOneProps {
  readonly tried: TriedDry;
  /** Of its heading; no other on the page has it. */
  readonly id: string;
  readonly skipped?: string | null;
  readonly cut?: boolean;
}

function OfOne({ tried: { event, source, type, before, tried }, id, skipped = null, cut = false }: OfOneProps) {
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        <a class="mono" href={`/events/${event ?? ""}`}>
          {event}
        </a>{" "}
        <Foreign text={type} /> <span class="dim">from {source}</span>
      </h2>
      {skipped === null ? null : <p class="note">Not tried: {skipped}.</p>}
      {cut && skipped === null ? <p class="note">What is longer than 16 Ki characters is cut.</p> : null}
      {tried.length === 0 && skipped === null ? <p class="note">No route takes from {source}.</p> : null}
      {tried.map((one, n) => (
        <section class="card" aria-labelledby={`${id}-${n}`}>
          <h3 id={`${id}-${n}`}>
            {one.route ?? "What you wrote"} {one.version === null ? null : <code class="pattern">{one.version}</code>}
          </h3>
          {one.when === null ? null : (
            <p>
              <Said wanted={one.wanted} /> <Foreign text={conditionInWords(one)} />
            </p>
          )}
          {one.transform === null ? (
            one.route === null ? null : (
              <p class="note">It sends the body as it came.</p>
            )
          ) : (
            <Beside one={one} before={before} of={`${n + 1} of ${event ?? ""}`} />
          )}
        </section>
      ))}
    </section>
  );
}

function Said({ wanted }: { readonly wanted: boolean | null }) {
  if (wanted === null) return <StateBadge state="failed" label="undecided" />;
  return wanted ? <StateBadge state="delivered" label="true" /> : <StateBadge state="none" label="false" />;
}

interface BesideProps {
  readonly one: TriedDry["tried"][number];
  readonly before: string;
  /** Names it among all that are on the page. */
  readonly of: string;
}

/** Beside each other, and on a phone one below the other. */
function Beside({ one, before, of }: BesideProps) {
  return (
    <>
      <pre class="content" role="region" aria-label={`Transform ${of}`} tabindex={0}>
        {visible(one.transform ?? "")}
      </pre>
      <div class="beside">
        <figure>
          <figcaption>As it came</figcaption>
          <pre class="content" role="region" aria-label={`Body before transform ${of}`} tabindex={0} dir="ltr">
            {visible(spreadOut(before))}
          </pre>
        </figure>
        <figure>
          <figcaption>As it would be sent{one.content_type === null ? "" : `, ${one.content_type}`}</figcaption>
          {one.after === null ? (
            <p class="fault">
              <Foreign text={one.error ?? ""} />
            </p>
          ) : (
            <pre class="content" role="region" aria-label={`Body after transform ${of}`} tabindex={0} dir="ltr">
              {visible(spreadOut(one.after))}
            </pre>
          )}
        </figure>
      </div>
    </>
  );
}
