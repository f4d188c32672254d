// What a page says after something was done. The URL names one of these sentences; it can never bring words of its own.

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** Code in the URL → the sentence. `n` comes from the URL too, and is a whole number. */
const SENTENCES = {
  replayed: (n: number) =>
    n === 0
      ? "Nothing to replay: only ended deliveries can be replayed."
      : `Replayed: ${count(n, "delivery is", "deliveries are")} open again.`,
  cancelled: (n: number) =>
    n === 0
      ? "Nothing to cancel: only waiting deliveries can be cancelled."
      : `Cancelled: ${count(n, "delivery is", "deliveries are")} ended.`,
  routed: (n: number) =>
    n === 0
      ? "Nothing to open: the current routes name no other destination."
      : `Routed: ${count(n, "delivery is", "deliveries are")} open.`,
  undecided: () => "Still undecided: the reason is below.",
  sent: () => "Sent: the new delivery is below.",
  already: () => "That destination already had this event; nothing was added.",
  deleted: () => "Deleted. Only the record of the event and its deliveries is left.",
  paused: () => "Paused. Its deliveries are held until you resume it.",
  resumed: () => "Resumed. The held deliveries are on their way.",
  script: () => "The inspector answers by the new script.",
  script_reset: () => "The inspector answers as configured again.",
  replay_started: () => "The bulk replay runs.",
  replay_cancelled: () => "The bulk replay was stopped. Deliveries that it had opened continue.",
  erasure_started: () => "Counting. Nothing is deleted until you confirm the count.",
  erasure_confirmed: () => "Confirmed: the deletion is running.",
  erasure_cancelled: () => "Stopped. What was deleted before stays deleted.",
  revoked: () => "The key is revoked, and every session that it opened with it.",
  muted: () => "Muted: no notice is sent when it begins. If it still lasts when the mute ends, a notice is sent then.",
  unmuted: () => "Unmuted. If anything still lasts, a notice is sent within a minute.",
  looking: () => "Asking the sender. The result appears here within a minute.",
  looked: () => "Not asked: a check of the sender ended less than two minutes ago, or is running.",
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
