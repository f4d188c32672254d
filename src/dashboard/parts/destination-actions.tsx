// What can be done to a destination: pause, resume, send a test. The inspector's page shows it too.
import type { DestinationAnswer } from "../../contract/operations.ts";
import { Post } from "./parts.tsx";
import { number } from "../words/words.ts";

interface ActionsProps {
  readonly destination: DestinationAnswer;
  readonly newId: () => string;
  /** Of a paused one: whether its pause is not known to every part of the relay. */
  readonly pauseAgain?: boolean;
}

export function DestinationActions({ destination, newId, pauseAgain = false }: ActionsProps) {
  const { name, state, held } = destination;
  const path = `/destinations/${name}`;
  return (
    <div class="actions">
      <Post action={`${path}/test`} label="Send a test" once={newId()} />
      {destination.window.failed === 0 ? null : (
        <a class="button" href={`/replays/new?state=failed&destination=${name}`}>
          Replay the failed
        </a>
      )}
      {pauseAgain ? <Post action={`${path}/pause`} label="Pause again" once={newId()} kind="primary" /> : null}
      {state === "paused" ? (
        <Post
          action={`${path}/resume`}
          label={held === 0 ? "Resume" : `Resume, ${number(held)} held`}
          once={newId()}
          kind={pauseAgain ? "plain" : "primary"}
        />
      ) : (
        <Post
          action={`${path}/pause`}
          label="Pause"
          once={newId()}
          confirm={`Nothing more is sent to ${name} until you resume it. New events and waiting deliveries (${waitingInWords(destination)}) are held, not lost.`}
        />
      )}
    </div>
  );
}

/** `1,000+` where counting stopped. */
export function waitingInWords({
  waiting,
  waiting_more: more,
}: Pick<DestinationAnswer, "waiting" | "waiting_more">): string {
  return `${number(waiting)}${more ? "+" : ""}`;
}
