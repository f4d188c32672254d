// Which routes an event would take today, and why not the others: as a table.
import type { RoutesTried, RouteVerdict } from "../../contract/routing.ts";
import { verdictInWords } from "../words/routing.ts";
import { Foreign, StateBadge } from "./parts.tsx";

/** @param id of the heading that names it */
export function Verdicts({ tried, labelledBy }: { readonly tried: RoutesTried; readonly labelledBy: string }) {
  if (tried.routes.length === 0) return <p class="note">No route is configured.</p>;
  return (
    <div class="list">
      <table class="stacked" aria-labelledby={labelledBy}>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">Takes it</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {tried.routes.map((one) => (
            <tr>
              <th scope="row">
                <a href={`/routes#route-${one.route}`}>{one.route}</a>
              </th>
              <td data-label="Takes it">
                <Taken verdict={one.verdict} />
              </td>
              <td data-label="Why">
                <Foreign text={verdictInWords(one, tried)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Taken({ verdict }: Pick<RouteVerdict, "verdict">) {
  if (verdict === "taken") return <StateBadge state="delivered" label="yes" />;
  return verdict === "undecided" ? (
    <StateBadge state="failed" label="undecided" />
  ) : (
    <StateBadge state="none" label="no" />
  );
}
