// What a destination answered to a test. It is the answer to the button itself: nothing keeps it.
import type { Caller } from "../../contract/access.ts";
import type { Tested } from "../../contract/acts.ts";
import { took } from "../words/words.ts";
import { Page } from "./layout.tsx";
import { Facts, Foreign, Post, StateBadge } from "./parts.tsx";

const MEANING: Readonly<
  Record<Tested["outcome"], { readonly state: string; readonly word: string; readonly says: string }>
> = {
  delivered: { state: "delivered", word: "taken", says: "An event would have been delivered." },
  retry: {
    state: "retry",
    word: "to be tried again",
    says: "An event would wait now and be tried again by the schedule.",
  },
  failed: { state: "failed", word: "given up", says: "An event would have failed for good." },
};

interface AnswerProps {
  readonly caller: Caller;
  readonly tested: Tested;
  readonly once: string;
}

export function TestAnswer({ caller, tested, once }: AnswerProps) {
  const { destination, outcome, status, fault, latency_ms: latency, answer, event } = tested;
  const { state, word, says } = MEANING[outcome];
  return (
    <Page title={`Test of ${destination}`} caller={caller} current="destinations" styles={["operate.css"]}>
      <p class="trail">
        <a href={`/destinations/${destination}`}>{destination}</a>
      </p>
      <h1>
        Test of {destination} <StateBadge state={state} label={word} />
      </h1>
      <p class="lead">{says}</p>
      <div class="card">
        <Facts
          rows={[
            ["Answered", status ?? "nothing"],
            ["Fault", fault ?? <span class="none">none</span>],
            ["After", took(latency)],
            ["Event", <code>{event}</code>],
          ]}
        />
      </div>
      <h2>Its answer</h2>
      {answer === null || answer === "" ? (
        <p class="note">It had no body.</p>
      ) : (
        <pre class="card text wrap">
          <Foreign text={answer} />
        </pre>
      )}
      <Post action={`/destinations/${destination}/test`} label="Send another" once={once} />
    </Page>
  );
}
