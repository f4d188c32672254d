// The secrets that a sender handed over in its handshake: asked for by a button, shown once.
import type { Caller } from "../../contract/access.ts";
import type { OfferedSecret } from "../../contract/acts.ts";
import { Page } from "./layout.tsx";
import { Copyable, Empty, Exactly, Foreign, Post } from "./parts.tsx";

interface ButtonProps {
  readonly source: string;
  readonly once: string;
}

export function RevealButton({ source, once }: ButtonProps) {
  const confirm = "The secret is shown only once. The audit log records who looked.";
  return <Post action={`/sources/${source}/offers`} label="Show the secret" once={once} confirm={confirm} />;
}

interface OfferedProps {
  readonly caller: Caller;
  readonly source: string;
  readonly offers: readonly OfferedSecret[];
  readonly advice: string;
}

/** A whole page: it is the answer to the button, so that no address leads to a secret. */
export function OfferedSecrets({ caller, source, offers, advice }: OfferedProps) {
  return (
    <Page
      title={`Handed over: ${source}`}
      caller={caller}
      current="sources"
      scripts={["copy.js"]}
      styles={["past.css", "operate.css"]}
    >
      <p class="trail">
        <a href={`/sources/${source}`}>{source}</a>
      </p>
      <h1>Handed over by the sender</h1>
      <p class="lead text">
        <Foreign text={advice} />
      </p>
      {offers.length === 0 ? <Empty title="Nothing was handed over" /> : null}
      {offers.map(({ offered_at, address, secret }) => (
        <div class="card">
          <p class="note">
            <Exactly at={offered_at} />, from <Foreign text={address} />
          </p>
          <Copyable text={secret} label="secret" />
        </div>
      ))}
    </Page>
  );
}
