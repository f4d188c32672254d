// What another relay has exported is imported: events that never came here, and events of acme's that are here, under way, or about to come.
// It is asked for until there is an answer, and once more after that.
import { eventId } from "../../src/ids.ts";
import { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import { OPERATOR } from "./operations.ts";
import type { Step } from "./plan.ts";
import { EPOCH } from "./scheduler.ts";
import { bodyOf, type Letter } from "./senders.ts";
import type { Trait } from "./traits.ts";

/** A line of the other relay's. */
export interface Line {
  /** The letter that came there as well; `null` for an event that never comes here. */
  readonly letter: Letter | null;
  /** Names an event that never comes here. */
  readonly key: string;
  /** Whether the other relay has taken out what it says. */
  readonly redacted: boolean;
  /** Where it went there, and what became of it: what was open has ended here. */
  readonly deliveries: readonly { readonly destination: string; readonly state: "delivered" | "pending" }[];
}

/** What was brought. */
export interface Brought extends Line {
  readonly id: string;
  readonly body: Uint8Array;
  /** What each asking was answered, and when, in ms. */
  readonly answers: { readonly imported: number; readonly known: number }[];
  /** When it was asked for first, in ms. */
  readonly at: number;
}

/** How long before and after its letter a line comes, in ms: about to come, under way, and here. */
const BESIDE = [-2_000, 0, 5, 15, 30, 45, 60, 100, 1_000, 60_000] as const;
/** What in a world makes it another one: who deletes a subject does not import it, and a place in an order is the import's. */
const ALONE = new Set<Trait>(["ordered", "stopping", "thin", "tunnelled"]);
const ASKINGS = 6;
const AGAIN_MS = 8_000;
const DAY_MS = 24 * 60 * 60_000;

/** In one world of five. It has dice of its own, so that no other choice moves. */
export function broughtOf(seed: number, span: number, others: readonly Step[], traits: readonly Trait[]): Step[] {
  const dice = new Dice(seed, "brought");
  if (!dice.chance(0.2) || traits.some((one) => ALONE.has(one))) return [];
  if (others.some((step) => step.do === "bulk" || (step.do === "operate" && step.operation.do === "erase"))) return [];
  const letters = others.flatMap((step) =>
    step.do === "post" &&
    step.letter.source === "acme" &&
    step.letter.forged === null &&
    step.letter.key !== null &&
    !step.letter.stuff.startsWith("large")
      ? [step]
      : [],
  );
  const steps: Step[] = [];
  for (const { at, letter } of letters.slice(0, 3)) {
    const line = { letter, key: "", redacted: dice.chance(0.5), deliveries: deliveriesOf(dice) };
    for (let n = dice.whole(1, 2); n > 0; n -= 1)
      steps.push({ at: Math.max(0, at + dice.pick(BESIDE)), do: "bring", line });
  }
  for (let n = dice.whole(0, 2); n > 0; n -= 1)
    steps.push({
      at: dice.whole(0, span),
      do: "bring",
      line: { letter: null, key: `old ${n}`, redacted: false, deliveries: deliveriesOf(dice) },
    });
  return steps;
}

function deliveriesOf(dice: Dice): Line["deliveries"] {
  const state = dice.pick(["delivered", "pending"] as const);
  return dice.pick([[], [{ destination: "elsewhere", state }], [{ destination: "beta", state }]]);
}

/** Asks until there is an answer, and once more. */
export async function bring(line: Line, ledger: Ledger): Promise<void> {
  const { scheduler, platform } = ledger;
  const { letter, key } = line;
  const came = letter === null ? Buffer.from(JSON.stringify({ old: key })) : bodyOf(letter);
  const name = { source: "acme", rule: "{header:X-Id}", key: letter?.key ?? key, turn: null };
  const id = await eventId(name, came);
  const body = line.redacted ? Buffer.from(JSON.stringify({ says: "taken out elsewhere" })) : came;
  const brought: Brought = { ...line, id, body, answers: [], at: scheduler.now };
  ledger.brought.push(brought);
  const text = JSON.stringify({ lines: [lineOf(brought)] });
  for (let count = 0; count < ASKINGS && brought.answers.length < 2; count += 1) {
    scheduler.tell("event", "operator", `imports ${id}`);
    try {
      const headers = { ...OPERATOR, "content-type": "application/json" };
      await platform.post(
        "import",
        () => new Request("https://relay.example.com/api/import", { method: "POST", headers, body: text }),
        (given) => {
          scheduler.tell("event", "relay", `answers the operator: ${given.status} ${given.text.slice(0, 120)}`);
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own answer
          if (given.status === 200) brought.answers.push(JSON.parse(given.text) as Brought["answers"][number]);
        },
      );
    } catch {
      // No answer: ambiguous, so it asks again.
    }
    await new Promise<void>((resolve) => {
      scheduler.after(AGAIN_MS, resolve);
    });
  }
}

const when = (ms: number) => new Date(EPOCH + ms).toISOString();

function lineOf({ id, body, letter, key, redacted, deliveries, at }: Brought): object {
  // What never comes here came there some time ago.
  const received = letter === null ? at - 3 * DAY_MS : at;
  const text = Buffer.from(body).toString();
  const isText = same(Buffer.from(text), body) && !text.includes("\0");
  return {
    v: 1,
    id,
    source: "acme",
    type: letter?.type ?? "push",
    received_at: when(received),
    verified_by: "ACME_SECRET",
    size: body.length,
    encoding: isText ? "text" : "base64",
    headers: { "content-type": "application/json", ...(redacted ? { "hookline-redacted": "1" } : {}) },
    undecided: [],
    object: null,
    edited_as: [],
    receipt: `there ${key}`,
    deliveries: deliveries.map(({ destination, state }) => ({
      destination,
      route: "all",
      state,
      reason: null,
      attempt: 1,
      round: 0,
      repeats: 0,
      status: state === "delivered" ? 200 : 500,
      fault: null,
      latency_ms: 5,
      answer: "",
      last_attempt_at: when(received),
      due_at: when(received),
      ended_at: state === "delivered" ? when(received) : null,
      receipt: "0".repeat(24),
      transform: null,
      order_key: null,
      story: null,
      attempts: [],
    })),
    body: isText ? text : Buffer.from(body).toString("base64"),
  };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Whether an import has brought this delivery: it was never this relay's to make. */
export function wasBrought(id: string, destination: string, { brought }: Ledger): boolean {
  return brought.some((one) => one.id === id && one.deliveries.some((each) => each.destination === destination));
}

/** Whether an import may have been there first, so that its sender has only heard of a duplicate. */
export function isBrought(id: string, { brought, tries }: Ledger): boolean {
  return brought.some((one) => one.id === id) && !tries.some((one) => one.id === id && one.status === "accepted");
}
