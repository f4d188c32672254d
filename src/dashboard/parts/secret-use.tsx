// Which secrets a source takes, until when, and which of them its last events came with.
import type { SecretUse } from "../../contract/overview.ts";
import { Foreign, When } from "./parts.tsx";
import { untilInWords } from "../words/secrets.ts";
import { number } from "../words/words.ts";

interface Props {
  readonly use: SecretUse;
  readonly now: number;
}

export function SecretsInUse({ use: { secrets, looked_back_to: since }, now }: Props) {
  const shown = secrets.filter(({ set, until, events }) => set || until !== undefined || events > 0);
  return (
    <section aria-labelledby="secrets">
      <h2 id="secrets">Secrets</h2>
      <div class="list">
        <table class="stacked" aria-labelledby="secrets">
          <thead>
            <tr>
              <th scope="col">Secret</th>
              <th scope="col">Taken</th>
              <th scope="col" class="num">
                Events in 24 h
              </th>
              <th scope="col">Last event</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((secret) => (
              <tr>
                <th scope="row">
                  <code>
                    <Foreign text={secret.name} />
                  </code>
                </th>
                <td data-label="Taken">{untilInWords(secret)}</td>
                <td class="num" data-label="Events in 24 h">
                  {number(secret.events)}
                </td>
                <td data-label="Last event">
                  {secret.last_event_at === null ? "–" : <When at={secret.last_event_at} now={now} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="note">
        {since === null ? (
          "By the events of the last 24 hours that are in the history."
        ) : (
          <>
            There are so many events that only those since <When at={since} now={now} /> are counted.
          </>
        )}
      </p>
    </section>
  );
}
