// What a source's sender was asked for that never came, and what became of it.
import type { SourceAnswer } from "../../contract/overview.ts";
import { Facts, Foreign, Post, When } from "./parts.tsx";
import { number, span } from "../words/words.ts";

interface GapsProps extends Pick<SourceAnswer, "name" | "gaps"> {
  readonly now: number;
  /** Names the asking, where the viewer may ask; otherwise `null`. */
  readonly once: string | null;
}

/** Nothing where the source asks for nothing. */
export function GapsSection({ name, gaps, now, once }: GapsProps) {
  if (gaps === undefined) return null;
  const { at, every_ms: every, secrets, looked_at: lookedAt, next_look_at: nextAt, fault, last } = gaps;
  const unset = secrets.flatMap((secret) => (secret.set ? [] : [secret.name]));
  return (
    <section aria-labelledby="gaps">
      <h2 id="gaps">What never came</h2>
      {unset.length === 0 ? null : (
        <p class="fault">
          The sender is not asked, because a secret is not set: <code>npx wrangler secret put {unset.join(" ")}</code>
        </p>
      )}
      {fault === null ? null : (
        <p class="fault">
          The last look came to no end: <Foreign text={fault} />
        </p>
      )}
      <div class="card">
        <Facts
          rows={[
            ["Asked at", <Foreign text={at} />],
            ["Every", span(every)],
            ["Last look", lookedAt === null ? "none yet" : <When at={lookedAt} now={now} />],
            ["Next look", <When at={nextAt} now={now} />],
            [
              "Last found",
              last === null ? (
                "nothing has been missing"
              ) : (
                <>
                  {number(last.missed)} missed since <When at={last.since} now={now} />, {number(last.recovered)} asked
                  for again or fetched, <When at={last.at} now={now} />
                </>
              ),
            ],
          ]}
        />
      </div>
      {once === null || unset.length > 0 ? null : (
        <Post action={`/sources/${name}/gaps`} label="Ask the sender now" once={once} />
      )}
    </section>
  );
}

/** Whoever looks within a day learns of it. */
const DAY_MS = 86_400_000;

/** A line for each source of which something had never come. */
export function GapsNotice({ sources, now }: { readonly sources: readonly SourceAnswer[]; readonly now: number }) {
  const found = sources.flatMap(({ name, gaps }) => {
    const last = gaps?.last ?? null;
    return last === null || now - Date.parse(last.at ?? "") > DAY_MS ? [] : [{ name, last }];
  });
  if (found.length === 0) return null;
  return (
    <div class="notice">
      {found.map(({ name, last: { missed, recovered, at } }) => (
        <p>
          <a href={`/sources/${name}#gaps`}>{name}</a>: {number(missed)} {missed === 1 ? "event" : "events"} missed,{" "}
          {number(recovered)} asked for again or fetched, <When at={at} now={now} />
        </p>
      ))}
    </div>
  );
}
