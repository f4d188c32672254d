// What a provider demands of a request beside a signature:
// fixed values, keys from its own hosts, a body that fits its hash. Pure.

import { decode, equal } from "../bytes/encoding.ts";
import type { VerificationRejection } from "../errors.ts";
import { pinnedUrl } from "./pinned.ts";
import { read, render } from "./render.ts";
import type { Scope } from "./scope.ts";

/** The first place that lacks one of the values that it may hold. */
export function unmetDemand(scope: Scope): VerificationRejection | null {
  const { demands } = scope.provider;
  if (demands === undefined) return null;
  for (const [where, templates] of Object.entries(demands)) {
    const wanted = templates.map((template) => render(template, scope)).filter((text) => text !== null);
    // A demand without a setting is met by nothing. Otherwise other customers of the sender would get in.
    if (wanted.length === 0) return missing(templates[0] ?? where);
    const value = read(where, scope);
    if (value === null) return { reason: "part_missing", where };
    if (!wanted.includes(value)) return { reason: "part_refused", where };
  }
  return null;
}

/**
 * Why a template could not be filled in: a setting is missing, which the operator fixes, or a part of the request is.
 */
export function missing(template: string): VerificationRejection {
  const setting = /\bsetting:([\w-]+)/.exec(template)?.[1];
  return setting === undefined ? { reason: "part_missing", where: template } : { reason: "setting_missing", setting };
}

/** A signature that says of itself that it is of another algorithm; one that says nothing is of the sender's. */
export function strangeAlgorithm(scope: Scope): VerificationRejection | null {
  for (const [where, names] of Object.entries(scope.provider.signature.names ?? {})) {
    const name = read(where, scope)?.toLowerCase();
    if (name !== undefined && !names.some((one) => one.toLowerCase() === name))
      return { reason: "part_refused", where };
  }
  return null;
}

/**
 * A request that names the URL of its key names one of the provider's own,
 * even where the key is configured and nothing is fetched.
 */
export function strayKeyUrl(scope: Scope): VerificationRejection | null {
  const { keys } = scope.provider;
  if (keys?.url.startsWith("{") !== true) return null;
  const url = render(keys.url, scope);
  return url === null || pinnedUrl(url, keys) !== null ? null : { reason: "part_refused", where: keys.url };
}

/**
 * A body that is bound by a hash at a signed place must have that hash;
 * a form is bound by the signature itself where the scheme says so.
 */
export function unboundBody(scope: Scope): VerificationRejection | null {
  const { bodyHash } = scope.provider;
  if (bodyHash === undefined) return null;
  const { readings } = scope;
  const written = read(bodyHash.at, scope);
  if (written === null) {
    const bound = bodyHash.exceptForms === true && (readings.isForm || readings.request.body.length === 0);
    return bound ? null : { reason: "part_missing", where: bodyHash.at };
  }
  const given =
    bodyHash.form === "digest"
      ? decode(/(?:^|,\s*)sha-256=:?([A-Za-z0-9+/]+=*):?(?:$|,)/i.exec(written)?.[1] ?? "", "base64")
      : decode(written, "hex");
  return given !== null && equal(given, readings.bodyHash) ? null : { reason: "body_mismatch", where: bodyHash.at };
}
