// What a page says after something was done. The URL names one of these sentences; it can never bring words of its own.

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** Code in the URL → the sentence. `n` comes from the URL too, and is a whole number. */
const SENTENCES = {
  replayed: (n: number) =>
    n === 0
      ? "Nothing to replay: only deliveries that have ended can be opened again."
      : `Replayed: ${count(n, "delivery is", "deliveries are")} open again.`,
  cancelled: (n: number) =>
    n === 0
      ? "Nothing to cancel: only deliveries that wait can be ended."
      : `Cancelled: ${count(n, "delivery is", "deliveries are")} ended.`,
  routed: (n: number) =>
    n === 0
      ? "Nothing to open: by the routes of today it goes nowhere else."
      : `Routed: ${count(n, "delivery is", "deliveries are")} open.`,
  undecided: () => "Still undecided: what stands in the way is below.",
  sent: () => "Sent on: the new delivery stands below.",
  already: () => "That destination had this event already; nothing was added.",
  deleted: () => "Deleted. Only the record that there was an event, and where it went, is left.",
  paused: () => "Paused. Events for it are kept and held until it is resumed.",
  resumed: () => "Resumed. What was held is on its way.",
  script: () => "The inspector answers by the new script.",
  script_reset: () => "The inspector answers as configured again.",
  replay_started: () => "The bulk replay runs.",
  replay_cancelled: () => "The bulk replay was ended. What it had opened goes on.",
  erasure_started: () => "Counting. Nothing is deleted before you confirm the count.",
  erasure_confirmed: () => "Confirmed: it is being deleted.",
  erasure_cancelled: () => "Ended. What was deleted before stays deleted.",
  revoked: () => "The key is revoked, and every session that it opened with it.",
  muted: () => "Muted: no notice is sent when it begins. If it still lasts when the mute ends, a notice is sent then.",
  unmuted: () => "Unmuted. If anything still lasts, a notice is sent within a minute.",
  looking: () => "Asking the sender. The result appears here within a minute.",
  looked: () => "Not asked: the sender was asked a moment ago, or is being asked now.",
  signed_out: () => "You are signed out.",
} as const satisfies Record<string, (n: number) => string>;

/** What is no success, and is said by its page in a warning. */
const UNCONFIRMED = "unconfirmed";

export type FlashCode = keyof typeof SENTENCES | typeof UNCONFIRMED;

/** The sentence that a page's URL asks for, if it asks for one. */
export function flashOf(url: URL): string | null {
  const code = url.searchParams.get("done") ?? "";
  return isCode(code) ? SENTENCES[code](numberIn(url)) : null;
}

/** How many Intake objects have not confirmed the pause after which the URL was shown; 0 after anything else. */
export function unconfirmedIn(url: URL): number {
  return url.searchParams.get("done") === UNCONFIRMED ? numberIn(url) : 0;
}

function numberIn(url: URL): number {
  const n = url.searchParams.get("n") ?? "";
  return /^\d{1,6}$/.test(n) ? Number(n) : 0;
}

function isCode(code: string): code is keyof typeof SENTENCES {
  return Object.hasOwn(SENTENCES, code);
}
