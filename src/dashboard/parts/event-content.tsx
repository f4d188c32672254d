// What an event carried: its body, its headers, and a command that sends it again.
// All of it is a stranger's, and all of it is text.
import type { EventStory } from "../../contract/history.ts";
import type { BodyStyle, BodyView } from "../words/body.ts";
import { Exactly, Foreign, Scroll, withQuery } from "./parts.tsx";
import { unfetched } from "../words/headline.ts";
import { spreadOut } from "../words/routing.ts";
import { bytes, visible } from "../words/words.ts";

const STYLES: Readonly<Record<BodyStyle, string>> = { pretty: "Formatted", raw: "Raw", hex: "Hex" };

interface BodyProps {
  readonly story: EventStory;
  readonly body: BodyView;
  readonly url: URL;
}

export function BodySection({ story, body, url }: BodyProps) {
  const download = `/api/events/${story.id}/body`;
  if (story.body_gone !== undefined)
    return (
      <section aria-labelledby="body">
        <h2 id="body">Body</h2>
        <p class="note">
          {story.body_gone.says} It had {bytes(story.size)}. Nothing of the event can be sent again.
        </p>
      </section>
    );
  return (
    <section aria-labelledby="body">
      <div class="head">
        <h2 id="body">Body</h2>
        <nav class="tabs" aria-label="How the body is shown">
          {body.styles.map((style) => (
            <a
              href={`${withQuery(url, { body: style })}#body`}
              aria-current={style === body.style ? "true" : undefined}
            >
              {STYLES[style]}
            </a>
          ))}
          <a href={download} download={`${story.id}.body`}>
            Download
          </a>
        </nav>
      </div>
      {body.note === null ? null : <p class="note">{body.note}</p>}
      {story.size === 0 ? (
        <p class="note">It is empty.</p>
      ) : (
        <pre class={`content ${body.style}`} role="region" aria-label="Body" tabindex={0} dir="ltr">
          {body.style === "pretty" ? <Coloured json={body.text} /> : visible(body.text)}
        </pre>
      )}
      {body.shown < story.size ? (
        <p class="note">
          The first {bytes(body.shown)} of {bytes(story.size)}. <a href={download}>Download all of it</a>
        </p>
      ) : null}
    </section>
  );
}

/** Characters of JSON that are coloured: more would be more elements than a page should have. */
const COLOURED = 64 * 1024;
const PART = /("[^"\\]*(?:\\.[^"\\]*)*")(:?)|[^"]+/g;

/** Names apart from values, for the eye. Numbers and the rest stay as the page's text is. */
function Coloured({ json }: { readonly json: string }) {
  if (json.length > COLOURED) return <>{visible(json)}</>;
  return (
    <>
      {[...json.matchAll(PART)].map(([whole, text, colon]) =>
        text === undefined ? (
          visible(whole)
        ) : (
          <>
            <span class={colon === "" ? "value" : "name"}>{visible(text)}</span>
            {colon}
          </>
        ),
      )}
    </>
  );
}

/** What a thin event names, as it was fetched, or why it was not. */
export function ObjectSection({ story }: { readonly story: EventStory }) {
  const { object } = story;
  if (object === undefined) {
    const why = unfetched(story);
    return why === null ? null : (
      <section aria-labelledby="object">
        <h2 id="object">Object</h2>
        <p class="warn">
          Not fetched: <Foreign text={why} />
        </p>
      </section>
    );
  }
  return (
    <section aria-labelledby="object">
      <h2 id="object">Object</h2>
      <p class="note">
        Fetched from <Foreign text={object.path} />, <Exactly at={object.fetched_at} />. It is kept with the body, and
        transforms can read it.
      </p>
      <pre class="content pretty" role="region" aria-label="Object" tabindex={0} dir="ltr">
        {visible(spreadOut(object.body))}
      </pre>
    </section>
  );
}

export function HeadersSection({ headers }: { readonly headers: EventStory["headers"] }) {
  const all = Object.entries(headers);
  return (
    <section>
      <h2>Headers</h2>
      {all.length === 0 ? (
        <p class="note">No headers were kept.</p>
      ) : (
        <Scroll label="Headers">
          <table class="pairs">
            <tbody>
              {all.map(([name, value]) => (
                <tr>
                  <th scope="row" class="mono">
                    {visible(name)}
                  </th>
                  <td class="mono">
                    <Foreign text={value} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <p class="note">Signatures and credentials are not among them: they are never kept.</p>
    </section>
  );
}

export function Shell({ command }: { readonly command: string }) {
  return (
    <details class="card shell">
      <summary>
        <h2>As a curl command</h2>
      </summary>
      <p class="note">
        Add the signature yourself. If the body is large, is not text or contains control characters, the command reads
        it from the downloaded file. Headers with control characters are omitted.
      </p>
      <pre class="content" id="curl" role="region" aria-label="Command" tabindex={0} dir="ltr" data-copy>
        {command}
      </pre>
    </details>
  );
}
