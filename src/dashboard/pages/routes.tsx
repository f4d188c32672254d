// `/routes`: which events of which source go where, as a picture and in words.
import { Hono } from "hono";
import type { RouteAnswer } from "../../contract/operations.ts";
import { OWN_NAME } from "../../contract/alerts.ts";
import { pageOfSource } from "../words/alerts.ts";
import { flashOf } from "../words/flash.ts";
import { Page } from "../parts/layout.tsx";
import { type PageDeps, type PageEnv, show } from "../page.tsx";
import { Empty, StateBadge } from "../parts/parts.tsx";
import { visible } from "../words/words.ts";
import { type Box, fitting, inColumns, inOneColumn, type Named, type Picture, type Way } from "../words/picture.ts";

export function routesPages({ operator, access }: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/routes", async (c) => {
    const url = new URL(c.req.url);
    const mayTry = access.allows(c.var.caller, "operator");
    const routes = operator.routes();
    const { sources } = await operator.sources(url.origin);
    const destinations = await operator.destinations();
    const configured = destinations.map(({ name }) => name);
    // What has failed elsewhere needs no route.
    const caught = destinations.flatMap(({ on_failed: next }) => (next === undefined ? [] : [`out ${next}`]));
    const known: Known = {
      sources: new Set(sources.map(({ name }) => name)),
      destinations: new Set(configured),
      routed: new Set([
        ...routes.flatMap(({ from, to }) => [...from.map((name) => `in ${name}`), ...to.map((name) => `out ${name}`)]),
        ...caught,
      ]),
    };
    const named: Named = {
      routes,
      sources: [...new Set([...known.sources, ...routes.flatMap(({ from }) => from)])],
      destinations: [...new Set([...configured, ...routes.flatMap(({ to }) => to)])],
    };
    return show(
      c,
      <Page
        title="Routes"
        caller={c.var.caller}
        current="routes"
        flash={flashOf(url)}
        styles={["operate.css", "routes.css"]}
      >
        <div class="head">
          <h1>Routes</h1>
          {mayTry ? <a href="/routes/try">Try a transform</a> : null}
        </div>
        {named.sources.length === 0 && named.destinations.length === 0 ? (
          <Empty title="Nothing to route yet">
            <p>
              Name a source, a destination and a route between them in <code>wrangler.toml</code> and deploy.
            </p>
          </Empty>
        ) : (
          <>
            <div class="card drawing">
              <Drawn picture={inColumns(named)} known={known} kind="wide" />
              <Drawn picture={inOneColumn(named)} known={known} kind="narrow" />
            </div>
            <Leftover named={named} known={known} />
            <InWords routes={routes} known={known} />
          </>
        )}
      </Page>,
    );
  });
  return app;
}

/** What the configuration has; `routed` holds `in <source>` and `out <destination>`. */
interface Known {
  readonly sources: ReadonlySet<string>;
  readonly destinations: ReadonlySet<string>;
  readonly routed: ReadonlySet<string>;
}

interface DrawnProps {
  readonly picture: Picture;
  readonly known: Known;
  readonly kind: "wide" | "narrow";
}

/** Its links are the same as those in the words below it. */
function Drawn({ picture, known, kind }: DrawnProps) {
  const { width, height, sources, ways, destinations } = picture;
  return (
    <svg
      class={`picture ${kind}`}
      viewBox={`-1 -1 ${width + 2} ${height + 2}`}
      aria-label="Sources, routes and destinations"
    >
      {kind === "wide" ? (
        <g class="heads" aria-hidden="true">
          <text x={sources[0]?.x ?? 0} y="12">
            Sources
          </text>
          <text x={ways[0]?.x ?? width / 3} y="12">
            Routes
          </text>
          <text x={destinations[0]?.x ?? (width * 2) / 3} y="12">
            Destinations
          </text>
        </g>
      ) : null}
      {ways.map((way) => (
        <Middle way={way} />
      ))}
      {sources.map((box) => (
        <End
          box={box}
          href={known.sources.has(box.name) || box.name === OWN_NAME ? pageOfSource(box.name) : null}
          loose={!known.routed.has(`in ${box.name}`)}
        />
      ))}
      {destinations.map((box) => (
        <End
          box={box}
          href={known.destinations.has(box.name) ? `/destinations/${box.name}` : null}
          loose={!known.routed.has(`out ${box.name}`)}
        />
      ))}
    </svg>
  );
}

function Middle({ way }: { readonly way: Way }) {
  const { name, patterns, x, y, width, height, lines } = way;
  return (
    <g class="way">
      {lines.map((line) => (
        <path class="edge" d={line} />
      ))}
      <a href={`#route-${name}`}>
        <title>{`${name}: ${patterns}`}</title>
        <rect x={x} y={y} width={width} height={height} rx="15" />
        <text x={x + 12} y={y + 19}>
          {fitting(name, width)}
        </text>
        <text class="patterns" x={x + 12} y={y + 36}>
          {fitting(patterns, width)}
        </text>
      </a>
    </g>
  );
}

interface EndProps {
  readonly box: Box;
  /** `null` for what the configuration does not have. */
  readonly href: string | null;
  /** No route leads to it or away from it. */
  readonly loose: boolean;
}

function End({ box, href, loose }: EndProps) {
  const { name, x, y, width, height } = box;
  const remark = href === null ? "not configured" : loose ? "no route" : "";
  const inside = (
    <>
      <title>{remark === "" ? name : `${name}: ${remark}`}</title>
      <rect x={x} y={y} width={width} height={height} rx="5" />
      <text x={x + 12} y={y + 20}>
        {fitting(name, remark === "" ? width : width - 95)}
      </text>
      {remark === "" ? null : (
        <text class="remark" x={x + width - 10} y={y + 19} text-anchor="end">
          {remark}
        </text>
      )}
    </>
  );
  const look = remark === "" ? "end" : "end loose";
  return href === null ? (
    <g class={`${look} gone`}>{inside}</g>
  ) : (
    <a class={look} href={href}>
      {inside}
    </a>
  );
}

/** On a phone the picture begins with the routes: what has none stands here. */
function Leftover({ named, known }: { readonly named: Named; readonly known: Known }) {
  const sources = named.sources.filter((name) => !known.routed.has(`in ${name}`));
  const destinations = named.destinations.filter((name) => !known.routed.has(`out ${name}`));
  if (sources.length === 0 && destinations.length === 0) return null;
  return (
    <div class="notice">
      {sources.length === 0 ? null : (
        <p>
          <StateBadge state="none" label="no route" /> What these sources send is kept and goes nowhere:{" "}
          <Links names={sources} to={pageOfSource} />
        </p>
      )}
      {destinations.length === 0 ? null : (
        <p>
          <StateBadge state="none" label="no route" /> Nothing leads to these destinations:{" "}
          <Links names={destinations} to={pageOf} />
        </p>
      )}
    </div>
  );
}

const pageOf = (destination: string) => `/destinations/${destination}`;

interface LinksProps {
  readonly names: readonly string[];
  readonly to: (name: string) => string;
}

function Links({ names, to }: LinksProps) {
  return (
    <span class="links">
      {names.map((name) => (
        <a href={to(name)}>{name}</a>
      ))}
    </span>
  );
}

function InWords({ routes, known }: { readonly routes: readonly RouteAnswer[]; readonly known: Known }) {
  if (routes.length === 0) {
    return (
      <Empty title="No route yet">
        <p>
          The relay keeps events, and delivers them once a route in <code>wrangler.toml</code> sends them to a
          destination.
        </p>
      </Empty>
    );
  }
  return (
    <section aria-labelledby="in-words">
      <h2 id="in-words">The same in words</h2>
      <div class="list">
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col">Route</th>
              <th scope="col">From</th>
              <th scope="col">Events</th>
              <th scope="col">To</th>
            </tr>
          </thead>
          <tbody>
            {routes.map(({ name, from, events, to, when, transform = [], enabled }) => (
              <tr id={`route-${name}`}>
                <th scope="row">
                  {name} {enabled ? null : <StateBadge state="none" label="turned off" />}
                </th>
                <td data-label="From">
                  <Links names={from} to={pageOfSource} />
                </td>
                <td data-label="Events">
                  {events.length === 0
                    ? "every event"
                    : events.map((pattern) => <code class="pattern">{pattern}</code>)}
                  {when === null ? null : (
                    <>
                      {" when "}
                      <code class="pattern">{visible(when)}</code>
                    </>
                  )}
                </td>
                <td data-label="To">
                  {transform.map(({ version, text }) => (
                    <>
                      {version === null ? "as " : `${version} as `}
                      <code class="pattern">{visible(text)}</code>{" "}
                    </>
                  ))}
                  {transform.length === 0 ? null : "to "}
                  <Links names={to.filter((one) => known.destinations.has(one))} to={pageOf} />
                  {to
                    .filter((one) => !known.destinations.has(one))
                    .map((one) => (
                      <span class="gone">
                        {one} <StateBadge state="failed" label="not configured" />
                      </span>
                    ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
