// An isolate that makes first attempts, in the test's hands: its clock, what it has sent, told and logged.
import { beforeEach } from "vitest";
import type { FirstEnd, FirstOutcome } from "../../src/d1/settlement.ts";
import type { Outgoing } from "../../src/net/send.ts";
import type { Wish } from "../../src/limit/door.ts";
import type { Told } from "../../src/limit/limiter.ts";
import { Turn } from "../../src/limit/turn.ts";
import { FirstAttempts, type FirstDeps } from "../../src/out/first.ts";
import { Pace } from "../../src/out/pace.ts";
import { YES as YES_SCRIPT } from "../../src/out/script.ts";
import type { Shape } from "../../src/scheme/shape.ts";
import type { Acceptance, Answer, Destination, Event, Grant } from "../../src/types.ts";

export const YES: Answer = { status: 200, fault: null, latencyMs: 3, excerpt: "thanks", retryAfter: null };
export const SILENCE: Answer = { ...YES, status: null, fault: "timeout", latencyMs: 15_000, excerpt: "" };
const KEYS = [{ kind: "derived", from: { name: "SIGNING_KEY", value: "test-signing-key-0123456789abcdef" } }] as const;

interface Seen {
  clock: number;
  sent: string[];
  told: FirstOutcome[][];
  logged: { level: string; event: string; fields: object }[];
  /** Places that a destination with limits has, what was asked of it, and told. */
  places: number;
  isFull: boolean;
  asked: Wish[];
  turned: Told[];
  /** What the line of the acceptance was given, each time that it was written. */
  accepted: (readonly FirstEnd[])[];
}

const fresh = (): Seen => ({
  clock: 1_000_000,
  sent: [],
  told: [],
  logged: [],
  accepted: [],
  places: 1,
  isFull: false,
  asked: [],
  turned: [],
});
/** Anew for each test. */
export const seen = fresh();
beforeEach(() => {
  Object.assign(seen, fresh());
});

/** What a destination has that asks for a time of its own. */
const ASKED: Shape = {
  method: "POST",
  format: "standard",
  url: "https://asked.example.com/",
  headers: {},
  gzipAbove: null,
  timeoutMs: 1_000,
  hidden: [],
  sent: [],
  unset: [],
  written: { headers: {}, query: {} },
};
const web = (name: string): Destination => ({ name, url: `https://${name}.example.com/`, retry: [1000], keys: KEYS });
/** Destinations that can be sent to. */
export const NAMES = ["one", "two", "three", "four", "five"];

const writer = (level: string) => (event: string, fields: object) => void seen.logged.push({ level, event, fields });
/** Writes the line of an acceptance. Signatures take their own time: which attempt ends first is nobody's choice. */
export const write = (first: readonly FirstEnd[]) =>
  void seen.accepted.push(first.toSorted((a, b) => NAMES.indexOf(a.destination) - NAMES.indexOf(b.destination)));

export function open(
  change: {
    grant?: () => Promise<Grant | "unknown" | null>;
    send?: (to: string) => Promise<Answer>;
    /** What is heard of an answer that somebody waits for. */
    heard?: (to: string) => Parameters<NonNullable<Outgoing["heard"]>>[0];
  } = {},
) {
  const pace = new Pace();
  const deps: FirstDeps = {
    config: {
      destinations: new Map<string, Destination>([
        ...NAMES.map((name) => [name, web(name)] as const),
        ["bin", { ...web("bin"), script: YES_SCRIPT }] as const,
        ["patient", { ...web("patient"), shape: { ...ASKED, timeoutMs: 15_001 } }] as const,
        ["quick", { ...web("quick"), shape: ASKED }] as const,
        ["counted", { ...web("counted"), limits: { concurrency: 1 } }] as const,
        ["unaddressed", { ...web("unaddressed"), url: null }] as const,
      ]),
    },
    pace,
    intake: {
      grant: change.grant ?? (() => Promise.reject(new Error("unused"))),
      ended: async (_, outcomes) => void seen.told.push([...(await Promise.resolve(outcomes))]),
    },
    send: async ({ url, heard }: Outgoing) => {
      const [to = ""] = new URL(url).hostname.split(".");
      seen.sent.push(to);
      const answer = await (change.send ?? (() => Promise.resolve(YES)))(to);
      if (change.heard !== undefined) heard?.(change.heard(to));
      return answer;
    },
    limits: { ask: (wish) => Promise.resolve(turnOf(wish)), isFull: () => seen.isFull },
    inspector: () => () => Promise.reject(new Error("unused")),
    bindings: () => null,
    now: () => seen.clock,
    dice: () => 0.5,
    log: { info: writer("info"), warn: writer("warn"), error: writer("error") },
  };
  return { first: new FirstAttempts(deps), pace };
}

function turnOf(wish: Wish): Turn {
  seen.asked.push(wish);
  const tell = async (told: Told) => void seen.turned.push(await Promise.resolve(told));
  return new Turn("it", { go: seen.places, lanes: seen.places, waits: [] }, { isOver: false }, tell);
}

export const event = (to: readonly string[], size = 2): Event => ({
  id: `evt_${"a".repeat(32)}`,
  receipt: "receipt",
  source: "acme",
  type: "test",
  receivedAt: seen.clock,
  verifiedBy: null,
  headers: {},
  encoding: "text",
  size,
  body: "{}",
  parts: 0,
  matched: to.map((destination) => ({ destination, route: "all" })),
});
export const held = (to: readonly string[], size = 2) => ({
  event: event(to, size),
  rate: null,
  body: new Uint8Array(2),
});
export const granted = (go: readonly string[], wait: readonly string[] = []): Acceptance => ({
  kind: "accepted",
  id: "evt",
  first: { go, wait },
});

/** Resolves when so many sends have begun. */
export async function sending(n: number): Promise<void> {
  while (seen.sent.length < n)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
}
