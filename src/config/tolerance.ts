// How old may a request of this source be? The source's own tolerance replaces its provider's. Pure.
import type { Provider } from "../scheme/scheme.ts";
import { idIsSigned } from "../scheme/derived.ts";

/** A provider that judges the age as the source says, or what is wrong with asking for that. */
export type Tolerating =
  | { readonly provider: Provider; readonly warning: string | null }
  | { readonly provider: null; readonly fault: string };

/**
 * The provider with the tolerance of a source, in seconds, to either side. A tolerance that is wider than the
 * provider's own lets a captured request in for longer: it is a repeat and nothing more where the id is under the
 * signature, and worth a warning elsewhere.
 */
export function tolerating(provider: Provider, seconds: number): Tolerating {
  const { name, algorithm, timestamp, jwt } = provider;
  const own = timestamp?.tolerance ?? jwt?.maxAge ?? Infinity;
  const warning =
    seconds <= own || idIsSigned(provider)
      ? null
      : `lets a captured request in for that long: ${name} signs no id, so that it counts as a new event. Keep it as short as the sender's retries allow`;
  if (timestamp !== undefined && timestamp.unit !== "text") {
    const { toleranceBy: _toleranceBy, ...rest } = timestamp;
    return { provider: { ...provider, timestamp: { ...rest, tolerance: seconds } }, warning };
  }
  if (algorithm === "jwt" && jwt !== undefined)
    return { provider: { ...provider, jwt: { ...jwt, maxAge: seconds } }, warning };
  const why = timestamp === undefined ? "sends no time" : "does not say in which unit its time is";
  return { provider: null, fault: `has nothing to judge: ${name} ${why}. Leave it out` };
}
