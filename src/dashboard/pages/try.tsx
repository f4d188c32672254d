// `/routes/try`: what a transform or a condition makes of an event, the body before and after beside each other.
import { Hono } from "hono";
import type { TriedDry } from "../../contract/routing.ts";
import { by, field, needs, type PageContext, type PageDeps, type PageEnv, show } from "../page.tsx";
import { Page } from "../parts/layout.tsx";
import { Foreign, StateBadge } from "../parts/parts.tsx";
import { conditionInWords, spreadOut } from "../words/routing.ts";
import { visible } from "../words/words.ts";

/** What stands in the form. */
interface Asked {
  readonly event: string;
  readonly route: string;
  readonly transform: string;
  readonly when: string;
}

export function tryPages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/routes/try", needs(deps, "operator", "routes"), async (c) => {
    const read = (name: string) => c.req.query(name) ?? "";
    return await answer(c, { event: read("event"), route: read("route"), transform: "", when: "" }, new FormData());
  });
  app.post("/routes/try", needs(deps, "operator", "routes"), async (c) => {
    const form = await c.req.formData();
    const read = (name: string) => field(form, name).trim();
    const asked = { event: read("event"), route: read("route"), transform: read("transform"), when: read("when") };
    return await answer(c, asked, form);
  });
  return app;

  async function answer(c: PageContext, asked: Asked, form: FormData): Promise<Response> {
    const { event, route, transform, when } = asked;
    const order = { event, route: route || null, transform: transform || null, when: when || null };
    const rest = { source: null, type: null, headers: {}, body: "" };
    const tried =
      event === "" ? null : await deps.operator.acts["transforms.try"](null, by(c, form), { ...order, ...rest });
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
        <Form asked={asked} routes={deps.operator.routes().map(({ name }) => name)} fault={fault} />
        {tried?.ok === true ? <Outcome tried={tried.value} /> : null}
      </Page>,
    );
  }
}

interface FormProps {
  readonly asked: Asked;
  readonly routes: readonly string[];
  readonly fault: string | null;
}

function Form({ asked, routes, fault }: FormProps) {
  return (
    <form method="post" action="/routes/try" class="card">
      {fault === null ? null : (
        <p class="fault" role="alert">
          <Foreign text={fault} />
        </p>
      )}
      <label>
        <span>Event</span>
        <input name="event" value={asked.event} required autocomplete="off" placeholder="evt_\u2026" />
      </label>
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

function Outcome({ tried: { event, source, type, before, tried } }: { readonly tried: TriedDry }) {
  return (
    <section aria-labelledby="outcome">
      <h2 id="outcome">
        <a class="mono" href={`/events/${event ?? ""}`}>
          {event}
        </a>{" "}
        <Foreign text={type} /> <span class="dim">from {source}</span>
      </h2>
      {tried.length === 0 ? <p class="note">No route takes from {source}.</p> : null}
      {tried.map((one, n) => (
        <section class="card" aria-labelledby={`tried-${n}`}>
          <h3 id={`tried-${n}`}>
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
            <Beside one={one} before={before} n={n} />
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
  readonly n: number;
}

/** Beside each other, and on a phone one below the other. */
function Beside({ one, before, n }: BesideProps) {
  return (
    <>
      <pre class="content" role="region" aria-label={`Transform ${n + 1}`} tabindex={0}>
        {visible(one.transform ?? "")}
      </pre>
      <div class="beside">
        <figure>
          <figcaption>As it came</figcaption>
          <pre class="content" role="region" aria-label={`Body before transform ${n + 1}`} tabindex={0} dir="ltr">
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
            <pre class="content" role="region" aria-label={`Body after transform ${n + 1}`} tabindex={0} dir="ltr">
              {visible(spreadOut(one.after))}
            </pre>
          )}
        </figure>
      </div>
    </>
  );
}
