// How the demo is told to a person: what came in, what went out, how it ended. Writes lines, decides nothing.
import { parseDeliveryId } from "../../ids.ts";
import { type Cell, type Column, grouped, head, paint, row, seconds } from "../columns.ts";
import { type Accepted, type Attempted, delivered, type Rejected, type Said } from "./lines.ts";
import type { Outcome, Totals } from "./outcome.ts";

/** Bytes that a queue message holds: https://developers.cloudflare.com/queues/platform/limits/ */
const QUEUE_MESSAGE = 128_000;

const IN: readonly Column[] = [
  { title: "time", width: 7, right: true },
  { title: "source", width: 8 },
  { title: "type", width: 22 },
  { title: "event", width: 12 },
  { title: "bytes", width: 8, right: true },
  { title: "answer", width: 6, right: true },
  { title: "", width: 0 },
];

const OUT: readonly Column[] = [
  { title: "time", width: 7, right: true },
  { title: "to", width: 8 },
  { title: "type", width: 22 },
  { title: "event", width: 12 },
  { title: "attempt", width: 8, right: true },
  { title: "answer", width: 6, right: true },
  { title: "latency", width: 7, right: true },
  { title: "", width: 0 },
];

const END: readonly Column[] = [
  { title: "", width: 7, right: true },
  { title: "to", width: 8 },
  { title: "type", width: 22 },
  { title: "event", width: 12 },
  { title: "attempts", width: 8, right: true },
  { title: "after", width: 7, right: true },
  { title: "", width: 0 },
];

type Out = (line: string) => void;

/** Prints as it happens, except that attempts wait until everything is sent: two tables read better than one tangle. */
export class Story {
  readonly #out: Out;
  readonly #began: number;
  readonly #types = new Map<string, string>();
  #held: string[] | null = [];
  #round = 1;

  /** @param began ms since 1970; times are told from here */
  constructor(out: Out, began: number) {
    this.#out = out;
    this.#began = began;
  }

  opens(relay: string, receiver: string): void {
    const line = (name: string, value: string, note: string) =>
      this.#out(`  ${name.padEnd(10)}${paint("bold", value)}  ${paint("dim", note)}`);
    this.#out("");
    line("relay", relay, "the Worker, with a database and queues of its own; up in a moment");
    line("receiver", receiver, "ledger says yes at once; builds and alerts fail on purpose, twice each time");
  }

  listens(): void {
    this.#heading("In", "each signed by its provider's own rule, and one forged");
    this.#out(head(IN));
  }

  /** Everything is sent: from now on attempts are told at once. */
  allSent(): void {
    this.#heading("Out", "each signed for its destination, tried until that says yes");
    this.#out(head(OUT));
    for (const line of this.#held ?? []) this.#out(line);
    this.#held = null;
  }

  /** @param proven whether the receiver has proven the signature of a delivery that was delivered */
  hears({ told, level, text }: Said, now: number, proven: (delivery: string) => boolean): void {
    if (told === null) {
      // Whatever else goes wrong is not hidden.
      if (level === "error" || level === "warn")
        this.#out(paint("yellow", `  ${this.#time(now)}  ${text.slice(0, 300)}`));
    } else if (told.event === "ingest.accepted") {
      this.#out(this.#accepted(told, now));
      for (const one of delivered(told)) this.#attempted(one, now, proven);
    } else if (told.event === "ingest.rejected") this.#out(this.#rejected(told, now));
    else this.#attempted(told, now, proven);
  }

  ends(outcomes: readonly Outcome[], totals: Totals): void {
    this.#heading("End", "from the relay's own history, and from what the receiver has proven");
    this.#out(head(END));
    for (const { id, type, destination, state, attempts, tookMs, proven } of outcomes) {
      const good = state === "delivered" && proven;
      const style = good ? "green" : "red";
      this.#out(
        row(END, [
          [good ? "✓" : "✗", style],
          destination,
          type,
          [short(id), "dim"],
          String(attempts),
          tookMs === null ? "" : seconds(tookMs),
          [good ? "delivered, byte for byte" : `${state}, not proven`, style],
        ]),
      );
    }
    const { accepted, refused, deliveries, proven, attempts, ok } = totals;
    this.#out("");
    const sum = `${accepted} accepted, ${refused} refused; ${proven} of ${deliveries} deliveries proven after ${attempts} attempts`;
    this.#out(`  ${paint(["bold", ok ? "green" : "red"], ok ? "Nothing was lost." : "Something is missing.")} ${sum}.`);
  }

  #heading(title: string, note: string): void {
    this.#out(`\n  ${paint("bold", title)}  ${paint("dim", note)}`);
  }

  #time(now: number): string {
    return seconds(now - this.#began).padStart(7);
  }

  #accepted({ id, source, type, size, status, destinations }: Accepted, now: number): string {
    this.#types.set(id, type);
    const to = destinations === 1 ? "1 destination" : `${destinations} destinations`;
    const large = size > QUEUE_MESSAGE ? ", past a queue's limit" : "";
    const note = status === "accepted" ? `accepted, for ${to}${large}` : "seen before: its first id again";
    return row(IN, [
      [this.#time(now), "dim"],
      source,
      type,
      [short(id), "dim"],
      grouped(size),
      ["200", "green"],
      [note, "dim"],
    ]);
  }

  #rejected({ source, status, reason, tried = [] }: Rejected, now: number): string {
    const evidence = tried.length === 0 ? "" : ` for ${tried.join(" and ")}`;
    const note = reason.replaceAll("_", " ") + evidence;
    return row(IN, [
      [this.#time(now), "dim"],
      source,
      ["–", "dim"],
      ["–", "dim"],
      ["–", "dim"],
      [String(status), "red"],
      [note, "red"],
    ]);
  }

  #attempted(line: Attempted, now: number, proven: (delivery: string) => boolean): void {
    const { event = "", destination = "" } = parseDeliveryId(line.delivery) ?? {};
    const [style, note] = verdict(line, now, proven(line.delivery));
    const cells: Cell[] = [
      [this.#time(now), "dim"],
      destination,
      this.#types.get(event) ?? "",
      [short(event), "dim"],
      String(line.attempt),
      [line.status === null ? (line.fault ?? "") : String(line.status), style],
      `${line.latencyMs} ms`,
      [note, style],
    ];
    // A blank line where second attempts begin, and third ones.
    if (line.attempt > this.#round) this.#hold("");
    this.#round = Math.max(this.#round, line.attempt);
    this.#hold(row(OUT, cells));
  }

  #hold(line: string): void {
    if (this.#held === null) this.#out(line);
    else this.#held.push(line);
  }
}

function verdict(line: Attempted, now: number, proven: boolean): ["green" | "yellow" | "red", string] {
  if (line.event === "delivery.failed") return ["red", `given up: ${line.reason}`];
  if (line.state === "delivered") return ["green", proven ? "delivered, proven" : "delivered"];
  const wait = (line.dueAt ?? now) - now;
  return ["yellow", `again in ${seconds(wait, 1)}`];
}

/** Enough of an id to tell events apart by eye. */
function short(id: string): string {
  return id.slice(0, 12);
}
