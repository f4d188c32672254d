// `/sources/:name`: how a sender is set up, step by step, and why it was last turned away.
import { Hono } from "hono";
import type { RefusalAnswer, SourceAnswer } from "../../contract/overview.ts";
import { factsOf, type ProviderFacts } from "../../scheme/facts.ts";
import { flashOf } from "../words/flash.ts";
import { sourceHealth } from "../words/health.ts";
import { Addresses } from "../parts/addresses.tsx";
import { GapsSection } from "../parts/gaps.tsx";
import { Page } from "../parts/layout.tsx";
import { OfferedSecrets, RevealButton } from "../parts/offers.tsx";
import { by, done, needs, type PageContext, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Copyable, Empty, Exactly, Facts, Foreign, StateBadge, When } from "../parts/parts.tsx";
import { SecretsInUse } from "../parts/secret-use.tsx";
import { Marked } from "../parts/marked.tsx";
import { number } from "../words/words.ts";

export function sourcePages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();

  app.get("/sources/:name", async (c) => {
    const url = new URL(c.req.url);
    const { sources } = await deps.operator.sources(url.origin);
    const source = sources.find(({ name }) => name === c.req.param("name"));
    const told = await deps.operator.refusals(c.req.param("name"));
    if (source === undefined || !told.ok) return noSource(c);
    const used = isRotated(source) ? await deps.operator.secrets(source.name) : null;
    const configured = deps.config.sources.get(source.name);
    const reveals = configured?.scheme.handshake?.some((one) => one.reveals !== undefined) === true;
    const now = deps.now();
    return show(
      c,
      <Page
        title={source.name}
        caller={c.var.caller}
        current="sources"
        flash={flashOf(url)}
        scripts={["copy.js"]}
        styles={["past.css", "operate.css"]}
      >
        <SourceHead source={source} now={now} />
        <SetUp
          source={source}
          facts={
            configured === undefined
              ? null
              : factsOf(source.provider ?? "custom", configured.scheme, configured.dedupeWindowMs)
          }
          reveal={reveals && deps.access.allows(c.var.caller, "admin") ? deps.newId() : null}
        />
        {used?.ok === true ? <SecretsInUse use={used.value} now={now} /> : null}
        <Fetches hydrate={source.hydrate} />
        <GapsSection
          name={source.name}
          gaps={source.gaps}
          now={now}
          once={deps.access.allows(c.var.caller, "operator") ? deps.newId() : null}
        />
        <Refusals refusals={told.value.refusals} now={now} />
        <Addresses source={source} now={now} />
      </Page>,
    );
  });

  app.post("/sources/:name/offers", needs(deps, "admin", "sources"), async (c) => {
    const offers = await deps.operator.acts["offers.reveal"](c.req.param("name"), by(c, await c.req.formData()));
    return offers.ok
      ? show(c, <OfferedSecrets caller={c.var.caller} {...offers.value} />)
      : refuse(c, "sources", offers.problem);
  });

  app.post("/sources/:name/gaps", needs(deps, "operator", "sources"), async (c) => {
    const name = c.req.param("name");
    const looks = await deps.operator.acts["gaps.look"](name, by(c, await c.req.formData()));
    if (!looks.ok) return refuse(c, "sources", looks.problem);
    return done(c, `/sources/${name}`, looks.value.asked ? "looking" : "looked");
  });
  return app;
}

/** Only then is it worth a look at the events which of the secrets they came with. */
function isRotated({ secrets }: SourceAnswer): boolean {
  return secrets.some(({ until }) => until !== undefined) || secrets.filter(({ set }) => set).length > 1;
}

function noSource(c: PageContext): Promise<Response> {
  const detail = "The configuration has no source of this name.";
  return refuse(c, "sources", { status: 404, title: "No such source", detail });
}

function SourceHead({ source, now }: { readonly source: SourceAnswer; readonly now: number }) {
  const health = sourceHealth(source);
  return (
    <>
      <p class="trail">
        <a href="/sources">Sources</a>
      </p>
      <div class="head">
        <h1>
          {source.name} <StateBadge state={health.sign} label={health.word} />
        </h1>
        <a href={`/events?source=${source.name}`}>Its events</a>
      </div>
      {source.why === null ? null : (
        <p class="fault">
          <Foreign text={source.why} />
        </p>
      )}
      <div class="card">
        <Facts
          rows={[
            ["Sender", source.provider_name === null ? "–" : <Foreign text={source.provider_name} />],
            ["Verified with", source.proven_by ?? "a scheme of your own"],
            ["Last event", <When at={source.last_event_at} now={now} />],
            ["In 24 h", `${number(source.window.accepted)} accepted, ${number(source.window.refused)} refused`],
          ]}
        />
      </div>
    </>
  );
}

interface SetUpProps {
  readonly source: SourceAnswer;
  readonly facts: ProviderFacts | null;
  /** `once` of the button that shows what the sender handed over; `null` where there is none to press. */
  readonly reveal: string | null;
}

/** The way of a first event, in the order in which to do it. */
function SetUp({ source, facts, reveal }: SetUpProps) {
  if (facts === null) return null;
  const set = source.secrets.filter((secret) => secret.set).map(({ name }) => name);
  const [first] = source.secrets;
  return (
    <section aria-labelledby="set-up">
      <h2 id="set-up">Set up at the sender</h2>
      <ol class="steps">
        <li>
          <b>Enter this URL</b> where {source.proven_by === null ? "the sender" : facts.name} asks for the endpoint.
          <Copyable text={source.url} label="URL" />
        </li>
        {reveal === null ? null : (
          <li>
            <b>It hands its secret over</b> when the webhook is made. What came in the last hour can be read once.
            <RevealButton source={source.name} once={reveal} />
          </li>
        )}
        {first === undefined ? null : (
          <li>
            <b>Put its secret into the Worker</b>
            {set.length > 0 ? (
              <>
                {" "}
                <StateBadge
                  state="delivered"
                  label={set.length === 1 ? `set: ${set.join("")}` : `${set.length} are set`}
                />
              </>
            ) : null}
            <Copyable text={`npx wrangler secret put ${first.name}`} label="command" />
            <span class="note">
              The form of the secret: <Marked text={facts.secret} />. To replace it, keep the old one as{" "}
              <code>{source.secrets[1]?.name ?? `${first.name}_OLD`}</code>, until the day that <code>old_until</code>{" "}
              says.
            </span>
          </li>
        )}
        {facts.handshakes.map((sentence) => (
          <li>
            <b>It may ask first.</b> Hookline answers by itself: <Marked text={sentence} />
          </li>
        ))}
        {facts.limits.map((sentence) => (
          <li>
            <Marked text={sentence} />
          </li>
        ))}
        <li>
          <b>Choose the events.</b> A route names them by their type, which is <Marked text={facts.type} />.{" "}
          <span class="note">Braces hold a place in the request: its JSON, a header, a form field.</span>
        </li>
      </ol>
      <details>
        <summary>How its requests are verified</summary>
        <div class="card">
          <Facts
            rows={[
              ["Signed", <Marked text={facts.signed} />],
              ["Not signed", <Marked text={facts.notSigned} />],
              ["Age", facts.tolerance === null ? "not checked" : `up to ${facts.tolerance}`],
              ["Repeats", <Marked text={facts.repeats.long} />],
              ["Established by", facts.provenBy],
              ["Its documentation", facts.docs === null ? "–" : <Foreign text={facts.docs} />],
            ]}
          />
        </div>
      </details>
    </section>
  );
}

/** What is fetched for its thin events. */
function Fetches({ hydrate }: Pick<SourceAnswer, "hydrate">) {
  if (hydrate === undefined) return null;
  const { from, path, headers, secrets } = hydrate;
  return (
    <section aria-labelledby="fetches">
      <h2 id="fetches">Objects of its thin events</h2>
      <div class="card">
        <Facts
          rows={[
            ["Fetched from", <Foreign text={from} />],
            ["Named in the body by", <code>{path}</code>],
            ["Asked with", headers.length === 0 ? "no headers of its own" : headers.join(", ")],
            ...secrets.map(({ name, set }) => [name, set ? "set" : <SecretMissing name={name} />] as const),
          ]}
        />
      </div>
      <p class="note">
        The relay fetches an object for the first attempt with a transform that reads <code>object</code>, and keeps it
        with its event.
      </p>
    </section>
  );
}

function SecretMissing({ name }: { readonly name: string }) {
  return (
    <>
      <StateBadge state="failed" label="missing" /> or cannot be sent; nothing is fetched:{" "}
      <code>npx wrangler secret put {name}</code>
    </>
  );
}

interface RefusalsProps {
  readonly refusals: readonly RefusalAnswer[];
  readonly now: number;
}

function Refusals({ refusals, now }: RefusalsProps) {
  return (
    <section aria-labelledby="refusals">
      <h2 id="refusals">Last refusals</h2>
      {refusals.length === 0 ? (
        <Empty title="No refusals" />
      ) : (
        <ol class="refusals">
          {refusals.map((refusal) => (
            <li class="card">
              <p class="advice">
                <Foreign text={refusal.advice} />
              </p>
              <p class="note">
                <When at={refusal.at} now={now} /> · <Exactly at={refusal.at} /> · answered {refusal.status} ·{" "}
                <code>{refusal.code}</code>
                {refusal.address === "" ? null : (
                  <>
                    {" "}
                    · from <Foreign text={refusal.address} />
                  </>
                )}
              </p>
              <details>
                <summary>Evidence</summary>
                <pre class="text">
                  <Foreign text={JSON.stringify(refusal.evidence, null, 2)} />
                </pre>
              </details>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
