// Addresses that a sender publishes: when its list was read, and what it admits.
import type { SourceAnswer } from "../../contract/overview.ts";
import { number } from "../words/words.ts";
import { Foreign, When } from "./parts.tsx";

/** Nothing where the source admits nobody by such a list. */
export function Addresses({ source: { addresses }, now }: { readonly source: SourceAnswer; readonly now: number }) {
  if (addresses === null) return null;
  return (
    <section aria-labelledby="addresses">
      <h2 id="addresses">Addresses that the sender publishes</h2>
      {addresses.fault === null ? null : (
        <p class="warn">
          The list could not be read: <Foreign text={addresses.fault} />
        </p>
      )}
      <p class="note">
        Read <When at={addresses.refreshed_at} now={now} />, again <When at={addresses.next_refresh_at} now={now} />.
      </p>
      {addresses.networks.length === 0 ? (
        <p>None is known yet, so this list admits no address.</p>
      ) : (
        <details open={addresses.networks.length <= 12}>
          <summary>{number(addresses.networks.length)} networks are admitted</summary>
          <ul class="networks mono">
            {addresses.networks.map((network) => (
              <li>{network}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
