// Does this receiver want events? Asked before the first, as CloudEvents' protection against abuse has it; remembered
// in the isolate. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection

/** How long a yes counts, and how long a no, in ms: a receiver that changes its mind is asked again. */
const YES_MS = 60 * 60_000;
const NO_MS = 30_000;
/** Far more than the destinations that 128 vars hold. */
const MOST = 512;

/** What the receiver is asked with. */
export interface Question {
  /** The host of whoever asks. */
  readonly origin: string;
  /** Those that open the receiver's own gate. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks with OPTIONS; `null` where no answer came. May reject. */
type Ask = (
  headers: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly headers: Headers }>;

/** What one isolate has heard. */
export class Consents {
  readonly #now: () => number;
  readonly #heard = new Map<string, { readonly yes: boolean; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Rejects where the question has no answer, as the attempt would. */
  async given(url: string, { origin, headers }: Question, ask: Ask): Promise<boolean> {
    const known = this.#heard.get(url);
    if (known !== undefined && known.until > this.#now()) return known.yes;
    const answer = await ask({ ...headers, "webhook-request-origin": origin });
    const allowed = answer.headers.get("webhook-allowed-origin")?.trim().toLowerCase();
    const ok = answer.status >= 200 && answer.status < 300;
    const yes = ok && (allowed === "*" || allowed === origin.toLowerCase());
    if (this.#heard.size >= MOST) this.#heard.clear();
    this.#heard.set(url, { yes, until: this.#now() + (yes ? YES_MS : NO_MS) });
    return yes;
  }
}
