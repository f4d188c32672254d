// What a receiver of webhooks must withstand, as data: the sixteen scenarios of the public webhook-receiver-conformance harness, in our own words.

/** What becomes of a request between the sender's signature and the wire. */
export type Change =
  | "no signature"
  | "malformed signature"
  | "signed with another key"
  | "signed ten minutes ago"
  | "body altered after signing"
  | "no JSON, and another content type";

export type Step =
  /** Sends an event and reads the answer. `status` is what the answer says of the event. */
  | {
      readonly send: string;
      readonly change?: Change;
      readonly answer: number;
      readonly status?: "accepted" | "duplicate";
    }
  /** Sends one event so often at once; every answer is a 200 with one id. */
  | { readonly together: string; readonly times: number }
  /** Sends an event and hangs up: before the answer, or in the middle of the body. */
  | { readonly abandon: string; readonly after: "the request" | "half of the body" }
  /** Sends an event, and the relay's process is killed before it can answer. */
  | { readonly kill: "while" | "after"; readonly send: string }
  /** Kills the relay's process and starts it again on what it left. */
  | { readonly restart: true }
  /** How the destination answers, one after another; then always with 200. */
  | { readonly destination: readonly (number | "works, then hangs up")[] }
  /** Waits until this event is delivered, or until nothing more is on its way. */
  | { readonly delivered: string };

export interface Scenario {
  readonly name: string;
  /** What it asks of a receiver. */
  readonly asks: string;
  readonly steps: readonly Step[];
  /** Events that are kept at the end, in the order in which they came. */
  readonly kept: readonly string[];
  /** How often the destination hears each event: exactly, or at least once where a kill may have hidden an answer. */
  readonly heard: Readonly<Record<string, number | "at least once">>;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "single delivery",
    asks: "an event that is sent once is processed once",
    steps: [{ send: "a", answer: 200, status: "accepted" }, { delivered: "a" }],
    kept: ["a"],
    heard: { a: 1 },
  },
  {
    name: "sequential duplicate",
    asks: "a second delivery of the same event has no second effect",
    steps: [
      { send: "a", answer: 200, status: "accepted" },
      { delivered: "a" },
      { send: "a", answer: 200, status: "duplicate" },
    ],
    kept: ["a"],
    heard: { a: 1 },
  },
  {
    name: "concurrent duplicate",
    asks: "two deliveries at the same moment do not race past the check for duplicates",
    steps: [{ together: "a", times: 20 }, { delivered: "a" }],
    kept: ["a"],
    heard: { a: 1 },
  },
  {
    name: "reorder",
    asks: "an event that comes before the one that it depends on is taken as it comes, and so is the other",
    steps: [
      { send: "second", answer: 200, status: "accepted" },
      { send: "first", answer: 200, status: "accepted" },
      { delivered: "first" },
      { delivered: "second" },
    ],
    kept: ["second", "first"],
    heard: { first: 1, second: 1 },
  },
  {
    name: "timeout, then retry",
    asks: "a sender that gave up waiting and sends again has caused one effect",
    steps: [{ abandon: "a", after: "the request" }, { send: "a", answer: 200 }, { delivered: "a" }],
    kept: ["a"],
    heard: { a: 1 },
  },
  {
    name: "connection loss, then retry",
    asks: "half a request leaves nothing behind, and the whole one is then new",
    steps: [
      { abandon: "a", after: "half of the body" },
      { send: "a", answer: 200, status: "accepted" },
      { delivered: "a" },
    ],
    kept: ["a"],
    heard: { a: 1 },
  },
  {
    name: "missing signature",
    asks: "what is not signed is refused",
    steps: [{ send: "a", change: "no signature", answer: 401 }],
    kept: [],
    heard: { a: 0 },
  },
  {
    name: "malformed signature",
    asks: "a signature that cannot be read is refused, and is nobody's internal error",
    steps: [{ send: "a", change: "malformed signature", answer: 401 }],
    kept: [],
    heard: { a: 0 },
  },
  {
    name: "wrong key",
    asks: "a right signature under another key is refused",
    steps: [{ send: "a", change: "signed with another key", answer: 401 }],
    kept: [],
    heard: { a: 0 },
  },
  {
    name: "stale signature",
    asks: "a right signature that is older than its tolerance is refused, and a fresh one of the same event is not",
    steps: [
      { send: "a", change: "signed ten minutes ago", answer: 401 },
      { send: "a", answer: 200, status: "accepted" },
      { delivered: "a" },
    ],
    kept: ["a"],
    heard: { a: 1 },
  },
  {
    name: "altered after signing",
    asks: "the signature covers the very bytes that were sent",
    steps: [{ send: "a", change: "body altered after signing", answer: 401 }],
    kept: [],
    heard: { a: 0 },
  },
  {
    name: "malformed body",
    asks: "a signed body that is no JSON, where type and id are read from JSON, is refused, and is nobody's internal error",
    steps: [
      { send: "a", change: "no JSON, and another content type", answer: 401 },
      { send: "b", answer: 200, status: "accepted" },
      { delivered: "b" },
    ],
    kept: ["b"],
    heard: { a: 0, b: 1 },
  },
  {
    name: "restart between attempts",
    asks: "what was known of an event outlives the process",
    steps: [
      { send: "a", answer: 200, status: "accepted" },
      { delivered: "a" },
      { restart: true },
      { send: "a", answer: 200 },
      { send: "b", answer: 200, status: "accepted" },
      { delivered: "b" },
    ],
    kept: ["a", "b"],
    heard: { a: 1, b: 1 },
  },
  {
    name: "crash after send",
    asks: "where a crash hides whether a request was taken, the retry ends with one event",
    steps: [{ kill: "while", send: "a" }, { restart: true }, { send: "a", answer: 200 }, { delivered: "a" }],
    kept: ["a"],
    heard: { a: "at least once" },
  },
  {
    name: "partial processing",
    asks: "work that was done and not acknowledged is asked for again under the same id, after a crash too",
    steps: [
      { destination: ["works, then hangs up"] },
      { send: "a", answer: 200, status: "accepted" },
      { delivered: "a" },
      { kill: "after", send: "b" },
      { restart: true },
      { send: "c", answer: 200, status: "accepted" },
      { delivered: "b" },
      { delivered: "c" },
    ],
    kept: ["a", "b", "c"],
    heard: { a: 2, b: "at least once", c: 1 },
  },
  {
    name: "redaction",
    asks: "no secret and no credential of a request shows in a log, an answer or an outgoing header",
    steps: [
      { send: "a", answer: 200, status: "accepted" },
      { send: "a", change: "no signature", answer: 401 },
      { send: "a", change: "signed with another key", answer: 401 },
      { delivered: "a" },
    ],
    kept: ["a"],
    heard: { a: 1 },
  },
];
