// What follows from a sender's description, without a request:
// whether the id of its events is under the signature. Pure.

import type { Place } from "./places.ts";
import type { Provider } from "./scheme.ts";
import { placesOf } from "./template.ts";

/** Whether every place that the dedupe key is read from is under the signature. */
export function idIsSigned(provider: Provider): boolean {
  return provider.id !== undefined && placesOf(provider.id).every((place) => isSigned(place, provider));
}

function isSigned(place: Place, provider: Provider): boolean {
  if (provider.algorithm === "token" || provider.algorithm === "basic") return false;
  const { signs = provider.jwt === undefined ? "{body}" : "", sorted = [] } = provider;
  const covered = [signs, ...sorted].flatMap(placesOf);
  if (place.source === "claim" || covered.some(({ source, name }) => source === place.source && name === place.name))
    return true;
  if (!["json", "form", "first-key"].includes(place.source)) return false;
  const bound = provider.bodyHash ?? provider.jwt?.bodyHash;
  return bound !== undefined || covered.some(({ source }) => BODY_PLACES.has(source));
}

/** Places through which the whole body is signed. CRC-32 is none: another body with the same sum is easily made. */
const BODY_PLACES = new Set([
  "body",
  "body-sha256",
  "body-sha256-hex",
  "body-quoted",
  "body-base64url",
  "form-sorted",
  "form-sorted-unique",
  "form-appended",
]);
