// Which failed sign-ins are written into the audit:
// enough to notice them, and never so many that a stranger could fill D1.
import type { Audit } from "../d1/audit.ts";
import type { Log } from "../log.ts";

/** Why a secret opened nothing. Whoever tried it is told none of this. */
export type WhyNot = "wrong_secret" | "no_such_key" | "key_revoked" | "key_expired";

/** One secret that opened nothing. */
interface Refused {
  readonly why: WhyNot;
  /** Where it was tried: the sign-in form, or a request with `Authorization`. */
  readonly at: "form" | "authorization";
  /** What the key is called that it once was. */
  readonly key: string | null;
}

export interface RefusedDeps {
  readonly audit: Pick<Audit, "refused">;
  /** The platform's `waitUntil`: the promise may outlive the response. */
  readonly later: (work: Promise<unknown>) => void;
  /** What stands in the audit of an address: the network that counts as one. */
  readonly networkOf: (address: string) => string;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * One row a network in this time, in ms, and so many rows in all:
 * some 500 a day, whoever tries and from how many addresses.
 */
const WINDOW_MS = 60 * 60_000;
const MOST = 20;

/**
 * Remembers what this isolate has handed on, so that a flood of wrong secrets costs D1 no more than a few questions an
 * hour. D1 decides over all isolates (`Audit.refused`): its rows can never be deleted, which is why they are bounded.
 */
export class RefusedSignIns {
  readonly #deps: RefusedDeps;
  readonly #noted = new Map<string, number>();

  constructor(deps: RefusedDeps) {
    this.#deps = deps;
  }

  /**
   * Has it written down, unless there is a row of its network already, or enough rows.
   * Nobody waits for it, and it never rejects.
   */
  note({ headers }: Request, refused: Refused): void {
    const { audit, later, networkOf, now, log } = this.#deps;
    const [at, network] = [now(), networkOf(headers.get("cf-connecting-ip") ?? "")];
    for (const [name, since] of this.#noted) if (since <= at - WINDOW_MS) this.#noted.delete(name);
    if (this.#noted.has(network) || this.#noted.size >= MOST) return;
    this.#noted.set(network, at);
    const detail = JSON.stringify({
      why: refused.why,
      at: refused.at,
      ...(refused.key === null ? {} : { key: refused.key }),
    });
    const written = audit
      .refused({ at, network, detail, since: at - WINDOW_MS, most: MOST })
      .catch((error: unknown) => {
        log.warn("access.refusal_not_noted", { error: String(error) });
      });
    later(written);
  }
}
