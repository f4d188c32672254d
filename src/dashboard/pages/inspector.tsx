// `/inspect/:destination`: what arrived at a receiver that is part of the relay, and what it is to answer.
import { Hono } from "hono";
import type { DestinationAnswer, Inspection } from "../../contract/operations.ts";
import { DestinationActions } from "../parts/destination-actions.tsx";
import { flashOf } from "../words/flash.ts";
import { InspectionView } from "../parts/inspection.tsx";
import { Page } from "../parts/layout.tsx";
import { by, done, field, needs, type PageContext, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Empty, Foreign, LivePill, StateBadge, When } from "../parts/parts.tsx";
import { number } from "../words/words.ts";

/** Longest script that is taken from the form, in characters. */
const LONGEST_SCRIPT = 500;

const EXAMPLES = [
  { script: "503x3,200", says: "fails three times, then takes it" },
  { script: "429 retry-after=7", says: "asks to come again in 7 s" },
  { script: "hang", says: "never answers" },
  { script: "slow", says: "answers a byte a second" },
  { script: "reset", says: "breaks the connection" },
  { script: "410", says: "is gone for good" },
];

export function inspectorPages(deps: PageDeps): Hono<PageEnv> {
  const { operator, access, now, newId } = deps;
  const app = new Hono<PageEnv>();

  const page = async (c: PageContext, name: string, given: Given | null): Promise<Response> => {
    const found = await operator.destination(name);
    if (!found.ok) return refuse(c, "inspect", found.problem);
    const url = new URL(c.req.url);
    const wanted = url.searchParams.get("show");
    const arrived = await operator.inspections(name, wanted);
    if (!arrived.ok) return refuse(c, "inspect", arrived.problem);
    if (given !== null) c.status(400);
    const mayAct = access.allows(c.var.caller, "operator");
    return show(
      c,
      <Page
        title={`Inspector ${found.value.name}`}
        caller={c.var.caller}
        current="inspect"
        flash={flashOf(url)}
        scripts={["live.js", "renew.js"]}
        styles={["past.css", "operate.css", "inspector.css"]}
      >
        <p class="trail">
          <a href={`/destinations/${found.value.name}`}>{found.value.name}</a>
        </p>
        <div class="head">
          <h1>
            Inspector {found.value.name} <LivePill />
          </h1>
          {mayAct ? <DestinationActions destination={found.value} newId={newId} /> : null}
        </div>
        <Script destination={found.value} given={given} once={mayAct ? newId() : null} />
        <Arrived inspections={arrived.value} shown={wanted} name={found.value.name} now={now()} />
      </Page>,
    );
  };

  app.get("/inspect/:destination", (c) => page(c, c.req.param("destination"), null));

  app.post("/inspect/:destination/script", needs(deps, "operator", "inspect"), async (c) => {
    const name = c.req.param("destination");
    const form = await c.req.formData();
    const reset = field(form, "reset") === "yes";
    const script = field(form, "script").trim().slice(0, LONGEST_SCRIPT);
    const changed = await operator.acts.script(name, by(c, form), { script: reset ? null : script });
    if (changed.ok) return done(c, `/inspect/${changed.value.name}`, reset ? "script_reset" : "script");
    // What is wrong with the text stands beside the text; what is wrong with anything else is no matter of the field.
    if (changed.problem.status !== 400 && changed.problem.status !== 422) return refuse(c, "inspect", changed.problem);
    return page(c, name, { script, fault: changed.problem.detail ?? changed.problem.title });
  });
  return app;
}

/** A script that was not understood, and why. */
interface Given {
  readonly script: string;
  readonly fault: string;
}

interface ScriptProps {
  readonly destination: DestinationAnswer;
  readonly given: Given | null;
  /** `null` for whoever may only look. */
  readonly once: string | null;
}

function Script({ destination: { name, script }, given, once }: ScriptProps) {
  return (
    <section aria-labelledby="script">
      <h2 id="script">
        It answers <code>{script ?? "ok"}</code>
      </h2>
      {once === null ? null : (
        <form method="post" action={`/inspect/${name}/script`} class="card script">
          <input type="hidden" name="once" value={once} />
          <label for="script-text">Another script</label>
          <div class="actions">
            <input
              id="script-text"
              name="script"
              class="mono"
              value={given?.script ?? script ?? ""}
              required
              maxlength={LONGEST_SCRIPT}
              autocomplete="off"
              spellcheck={false}
              aria-describedby={given === null ? "script-hint" : "script-fault script-hint"}
              aria-invalid={given === null ? undefined : "true"}
            />
            <button type="submit" class="primary">
              Use this script
            </button>
            <button type="submit" name="reset" value="yes" formnovalidate>
              As configured
            </button>
          </div>
          {given === null ? null : (
            <p class="fault" id="script-fault">
              <Foreign text={given.fault} />
            </p>
          )}
          <details open={given !== null}>
            <summary>How a script is written</summary>
            <p class="note" id="script-hint">
              Write steps separated by commas, one for each attempt of a delivery; the last one repeats. A step is a
              status, <code>ok</code>, <code>hang</code>, <code>slow</code> or <code>reset</code>. After a status,{" "}
              <code>x3</code> repeats it, and <code>retry-after=7</code> adds that header.
            </p>
            <dl class="examples">
              {EXAMPLES.map((example) => (
                <div>
                  <dt>
                    <code>{example.script}</code>
                  </dt>
                  <dd>{example.says}</dd>
                </div>
              ))}
            </dl>
          </details>
        </form>
      )}
    </section>
  );
}

interface ArrivedProps {
  readonly inspections: readonly Inspection[];
  /** Id of the one that is open; the newest where there is none of that id. */
  readonly shown: string | null;
  readonly name: string;
  readonly now: number;
}

function Arrived({ inspections, shown, name, now }: ArrivedProps) {
  const open = inspections.find(({ id }) => id === shown) ?? inspections[0];
  return (
    <section aria-labelledby="arrived" data-renew="arrived" data-destination={name}>
      <h2 id="arrived">What arrived</h2>
      {open === undefined ? (
        <Empty title="No requests yet">
          <p>Send a test, or have a route lead here.</p>
        </Empty>
      ) : (
        <div class="arrivals">
          <ol class="arrived">
            {inspections.map((one) => (
              <li>
                <a
                  href={`/inspect/${name}?show=${one.id}#shown`}
                  aria-current={one.id === open.id ? "true" : undefined}
                >
                  <span class="mono event">{one.event}</span>
                  <span class="note">
                    attempt {number(one.attempt)} · answered {one.answered}
                  </span>
                  <span class="note">
                    <When at={one.at} now={now} />
                  </span>
                  {one.proven ? null : <StateBadge state="failed" label="not verified" />}
                </a>
              </li>
            ))}
          </ol>
          <InspectionView inspection={open} now={now} />
        </div>
      )}
    </section>
  );
}
