// One request as it arrived at an inspector: its headers, its body, whether its signature is proven.
import type { Inspection } from "../../contract/operations.ts";
import { decodeBody } from "../../bytes/body.ts";
import { hexDump, indentJson } from "../words/body.ts";
import { Exactly, Facts, Foreign, StateBadge, When } from "./parts.tsx";
import { bytes, visible } from "../words/words.ts";

interface ViewProps {
  readonly inspection: Inspection;
  readonly now: number;
}

export function InspectionView({ inspection, now }: ViewProps) {
  const { event, attempt, at, headers, proven, answered, size } = inspection;
  return (
    <article class="card inspection" id="shown" aria-labelledby="inspected">
      <h3 id="inspected">
        <a href={`/events/${event}`} class="mono">
          {event}
        </a>
      </h3>
      <Facts
        rows={[
          [
            "Arrived",
            <>
              <When at={at} now={now} />, <Exactly at={at} />
            </>,
          ],
          ["Attempt", attempt],
          [
            "Signature",
            proven === null ? (
              <span class="none">none of the relay's</span>
            ) : proven ? (
              <StateBadge state="delivered" label="proven" />
            ) : (
              <StateBadge state="failed" label="not the one of the key" />
            ),
          ],
          ["Answered", <code>{answered}</code>],
          ["Body", bytes(size)],
        ]}
      />
      <h4>Headers</h4>
      <dl class="headers">
        {Object.entries(headers).map(([name, value]) => (
          <div>
            <dt class="mono">{name}</dt>
            <dd class="mono">
              <Foreign text={value} />
            </dd>
          </div>
        ))}
      </dl>
      <h4>Body</h4>
      <Body inspection={inspection} />
    </article>
  );
}

function Body({ inspection: { body, encoding, size } }: { readonly inspection: Inspection }) {
  if (size === 0) return <p class="note">It was empty.</p>;
  const kept = decodeBody(encoding, body);
  const shown = encoding === "text" ? (indentJson(body) ?? body) : hexDump(kept.subarray(0, HEX_BYTES));
  const cut = encoding === "text" ? kept.length : Math.min(kept.length, HEX_BYTES);
  return (
    <>
      <pre class="body" tabindex={0} role="region" aria-label="Body of the request">
        {visible(shown)}
      </pre>
      {cut < size ? (
        <p class="note">
          The first {bytes(cut)} of {bytes(size)}. The page of the event has all of it.
        </p>
      ) : null}
    </>
  );
}

/** Of a body that is not text, in bytes: a row shows 16. */
const HEX_BYTES = 4 * 1024;
