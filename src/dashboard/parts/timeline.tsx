// Every attempt of a delivery on one line of time. A picture for the eye; the table beside it says the same in words.
import type { AttemptAnswer, EventStory } from "../../contract/history.ts";
import { span } from "../words/words.ts";

type Delivery = EventStory["deliveries"][number];

/** The stretch of time that all lines of a page share, in ms since the event was received. */
export interface Scale {
  readonly end: number;
}

const TICKS = [1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000, 2_592_000_000];
/** Attempts and ticks stand between these percents of the width, so that their signs have room at both ends. */
const [LEFT, RIGHT] = [3, 93];
/** Marks that a line holds at most: beyond it they cover each other, and the table has them all. */
const MOST = 60;

export function scaleOf(deliveries: readonly Delivery[], receivedAt: number, now: number): Scale {
  const times = deliveries.flatMap((delivery) => [
    ...delivery.attempts.map(({ started_at }) => Date.parse(started_at ?? "") - receivedAt),
    delivery.state === "pending" ? Math.max(Date.parse(delivery.next_attempt_at ?? ""), now) - receivedAt : 0,
  ]);
  return { end: Math.max(1_000, ...times.filter(Number.isFinite)) };
}

/** Seconds matter at the beginning and days at the end, so time is drawn by its logarithm. */
function place(ms: number, { end }: Scale): string {
  const share = Math.log1p(Math.max(0, ms) / 200) / Math.log1p(end / 200);
  return `${(LEFT + (RIGHT - LEFT) * Math.min(1, share)).toFixed(2)}%`;
}

interface TimelineProps {
  readonly delivery: Delivery;
  readonly receivedAt: number;
  readonly scale: Scale;
}

export function Timeline({ delivery, receivedAt, scale }: TimelineProps) {
  const attempts = delivery.attempts.slice(-MOST);
  const next = delivery.state === "pending" ? delivery.next_attempt_at : null;
  const ticks = TICKS.filter((ms) => ms < scale.end * 0.8);
  const label = `${delivery.attempts.length === 1 ? "1 attempt" : `${delivery.attempts.length} attempts`} in time; the table below has them`;
  return (
    <svg class="timeline" width="100%" height="52" role="img" aria-label={label}>
      <line class="axis" x1="0" x2="100%" y1="18" y2="18" />
      <line class="tick" x1={place(0, scale)} x2={place(0, scale)} y1="10" y2="26" />
      <text x={place(0, scale)} y="44" text-anchor="start">
        received
      </text>
      {spaced(ticks, scale).map((ms) => (
        <>
          <line class="tick" x1={place(ms, scale)} x2={place(ms, scale)} y1="14" y2="22" />
          <text x={place(ms, scale)} y="44" text-anchor="middle">
            +{span(ms)}
          </text>
        </>
      ))}
      {attempts.map((attempt) => (
        <Mark attempt={attempt} x={place(Date.parse(attempt.started_at ?? "") - receivedAt || 0, scale)} />
      ))}
      {next === null ? null : (
        <svg x={place(Date.parse(next) - receivedAt, scale)} y="18" overflow="visible">
          <circle class="due" r="6" />
          <title>next attempt</title>
        </svg>
      )}
    </svg>
  );
}

/** Ticks whose words do not run into each other, nor into the first one, on the narrowest of screens. */
function spaced(ticks: readonly number[], scale: Scale): number[] {
  const kept: number[] = [];
  let last = 18;
  for (const ms of ticks) {
    const at = Number.parseFloat(place(ms, scale));
    if (at - last < 14) continue;
    kept.push(ms);
    last = at;
  }
  return kept;
}

const SIGNS: Readonly<Record<AttemptAnswer["outcome"], string>> = {
  delivered: "M-3.5 0.2l2.4 2.6 4.6-5.2",
  retry: "M-3 -3l6 6M3 -3l-6 6",
  failed: "M-3 -3l6 6M3 -3l-6 6",
  lost: "M-3.4 0h.1M0 0h.1M3.3 0h.1",
  running: "M-3 -3.6l5.4 3.6-5.4 3.6z",
};

function Mark({ attempt, x }: { readonly attempt: AttemptAnswer; readonly x: string }) {
  return (
    <svg x={x} y="18" overflow="visible">
      <circle class={`mark-${attempt.outcome}`} r="8" />
      <path class="sign" d={SIGNS[attempt.outcome]} />
      <title>{`attempt ${attempt.attempt}`}</title>
    </svg>
  );
}
