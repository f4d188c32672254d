// Destinations as a table, those that need somebody first. The overview and the list of destinations both show it.
import type { DestinationAnswer } from "../../contract/operations.ts";
import { LatencyRange } from "./charts.tsx";
import { waitingInWords } from "./destination-actions.tsx";
import { byNeed, destinationHealth, type Health } from "../words/health.ts";
import { StateBadge } from "./parts.tsx";
import { KINDS } from "../words/place.ts";
import { number, percentilesInWords, span } from "../words/words.ts";

interface RowsProps {
  readonly destinations: readonly DestinationAnswer[];
  readonly now: number;
}

export function DestinationRows({ destinations, now }: RowsProps) {
  return (
    <div class="list">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">Destination</th>
            <th scope="col">State</th>
            <th scope="col" class="num">
              Waiting
            </th>
            <th scope="col" class="num">
              Delivered
            </th>
            <th scope="col" class="num">
              Retried
            </th>
            <th scope="col" class="num">
              Failed
            </th>
            <th scope="col">Latency p50 / p95 / p99</th>
          </tr>
        </thead>
        <tbody>
          {byNeed(destinations, destinationHealth).map(([destination, health]) => (
            <Row destination={destination} health={health} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly destination: DestinationAnswer;
  readonly health: Health;
  readonly now: number;
}

function Row({ destination, health, now }: RowProps) {
  const { name, kind, window, held } = destination;
  const { latency } = window;
  return (
    <tr data-destination={name}>
      <th scope="row">
        <a href={`/destinations/${name}`}>{name}</a>
        {kind === "http" ? null : <span class="note"> {KINDS[kind]}</span>}
      </th>
      <td data-label="State">
        <StateBadge state={health.sign} label={health.word} />{" "}
        {health.since === null ? null : <div class="note">for {span(now - Date.parse(health.since))}</div>}
      </td>
      <td data-label="Pending" class="num">
        {waitingInWords(destination)} {held > 0 ? <div class="note">{number(held)} held</div> : null}
      </td>
      <td data-label="Delivered" data-count="delivered" class="num">
        {number(window.delivered)}
      </td>
      <td data-label="Retried" data-count="retried" class="num">
        {number(window.retried)}
      </td>
      <td data-label="Failed" data-count="failed" class="num">
        {number(window.failed)}
      </td>
      <td data-label="Latency" class="latencies">
        <LatencyRange latency={latency} />
        {latency === null ? null : <span class="note">{percentilesInWords(latency)}</span>}
      </td>
    </tr>
  );
}
