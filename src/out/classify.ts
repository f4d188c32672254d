// What does a destination's answer mean? One table, first line that fits; touches nothing.
import { parseRetryAfter } from "./retry.ts";
import type { Answer, Destination, Fault, Outcome } from "../types.ts";

/** `retry when asked` also hears the answer's Retry-After. */
type Verdict = "delivered" | "retry" | "retry when asked" | "gone" | "blocked" | "refused";

/** One line of policy. `status` is an inclusive range. */
interface Line {
  readonly status: readonly [from: number, to: number];
  readonly verdict: Verdict;
  readonly because: string;
}

/**
 * Every HTTP status, read from the top. Standard Webhooks ends a delivery early for 410 alone: a 404 may be a deploy
 * in progress and a 401 a secret half rotated, and both are fixed while the schedule runs.
 */
const STATUSES: readonly Line[] = [
  { status: [200, 299], verdict: "delivered", because: "any 2xx is a yes" },
  { status: [410, 410], verdict: "gone", because: "the receiver asks for no more" },
  { status: [429, 429], verdict: "retry when asked", because: "too fast for the receiver" },
  { status: [503, 503], verdict: "retry when asked", because: "the receiver is not up" },
  { status: [100, 599], verdict: "retry", because: "the receiver may fix it in time" },
];

/**
 * What happens where no status came, or one that may not be followed.
 * Where a status has come it counts, however its body ended.
 */
const FAULTS: Readonly<Record<Fault, { verdict: Verdict; because: string }>> = {
  timeout: { verdict: "retry", because: "no answer within the time that the destination has, 15 s by default" },
  connection: { verdict: "retry", because: "refused, reset, or no such host" },
  redirect: {
    verdict: "retry",
    because: "a redirect is not followed: it would choose the address for us",
  },
  blocked: { verdict: "blocked", because: "the address may not be contacted" },
  unaddressed: {
    verdict: "retry",
    because: "it has no address yet: its entry is wrong, or the secret that holds its URL is not set",
  },
  unbound: {
    verdict: "retry",
    because: "the binding that it names is not there, or of another kind: add it to wrangler.toml, and deploy",
  },
  unresolved: {
    verdict: "retry",
    because: "its name could not be looked up at the RESOLVER, or has no address",
  },
  inward: {
    verdict: "blocked",
    because: "its name leads to an address that is not public",
  },
  challenged: {
    verdict: "retry",
    because:
      "the receiver's Cloudflare challenges this request, which no program can answer: have its zone skip the challenge for the path of the webhook, by a WAF custom rule with the action Skip",
  },
  unfilled: {
    verdict: "retry",
    because: "a secret that its headers or its query name is not set yet, or holds what cannot be sent",
  },
  untransformed: {
    verdict: "retry",
    because: "the transform of its route makes no body of this event",
  },
  unproducible: {
    verdict: "retry",
    because: "the sender that it is signed as (`as`) signs a part that this event has not",
  },
  unhydrated: {
    verdict: "retry",
    because: "the object that the event names could not be fetched",
  },
  unconsented: {
    verdict: "retry",
    because:
      "it has not agreed to events: it must answer OPTIONS with WebHook-Allowed-Origin, as CloudEvents' webhooks ask for",
  },
  unsigned: { verdict: "retry", because: "no signing key is set yet" },
  loop: {
    verdict: "blocked",
    because:
      "it leads back to this relay, or the event has passed five relays already: send it to a receiver that is no relay",
  },
  lost: { verdict: "retry", because: "the attempt's end was never heard of" },
};

/**
 * What an attempt came to.
 *
 * @param now dates a Retry-After that names a time of day
 * @param rules the destination's own, which come before the table but for a 2xx
 */
export function classify(
  answer: Pick<Answer, "status" | "fault" | "retryAfter" | "asked">,
  now: number,
  rules?: Destination["statuses"],
): Outcome {
  const verdict = verdictOf(answer, rules);
  switch (verdict) {
    case "delivered":
      return { kind: "delivered" };
    case "gone":
    case "blocked":
    case "refused":
      return { kind: "failed", reason: verdict };
    case "retry":
      return { kind: "retry", retryAfterMs: null };
    case "retry when asked":
      return { kind: "retry", retryAfterMs: parseRetryAfter(answer.retryAfter, now) };
  }
  return verdict satisfies never;
}

function verdictOf(answer: Pick<Answer, "status" | "fault" | "asked">, rules: Destination["statuses"]): Verdict {
  const { status, asked } = answer;
  const verdict = verdictOn(answer);
  if (status === null || verdict === "delivered") return verdict;
  if (asked === "abort") return "refused";
  // The exact status first, then its hundred.
  for (const one of [status, Math.floor(status / 100)]) {
    if (rules?.retryOn.includes(one) === true) return verdict === "gone" ? "retry" : verdict;
    if (rules?.giveUpOn.includes(one) === true) return "refused";
  }
  return verdict;
}

function verdictOn({ status, fault }: Pick<Answer, "status" | "fault">): Verdict {
  if (fault === "redirect" || (fault !== null && status === null)) return FAULTS[fault].verdict;
  if (status === null) return "retry";
  const line = STATUSES.find(({ status: [from, to] }) => status >= from && status <= to);
  // Some servers invent statuses beyond 599; none of them is a yes.
  return line?.verdict ?? "retry";
}

/** Why there was no complete answer, in words; `null` for what is no fault. */
export function faultInWords(fault: string): string | null {
  return isFault(fault) ? FAULTS[fault].because : null;
}

function isFault(fault: string): fault is Fault {
  return Object.hasOwn(FAULTS, fault);
}
