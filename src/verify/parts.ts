// Has every part of the signed content the form that its description gives it? Pure.

import type { VerificationRejection } from "../errors.ts";
import { heldOf } from "../scheme/parts.ts";
import { document, read } from "./render.ts";
import type { Scope } from "./scope.ts";

/** The first part of the signed content that has not the form that it must have; judged before any cryptography. */
export function strayPart(scope: Scope): VerificationRejection | null {
  for (const { written, whole } of heldOf(scope.provider)) {
    const value = read(written, scope);
    if (value !== null && !whole.test(value)) return { reason: "part_refused", where: written };
  }
  return null;
}

/** Whether the body has the form that it must have. It is parsed, so that this is asked only of what is proven. */
export function strayBody(scope: Scope): VerificationRejection | null {
  if (scope.provider.forms?.["body"] !== "json" || scope.readings.request.body.length === 0) return null;
  const found = document({ ...scope, provider: { ...scope.provider, payload: undefined } });
  return typeof found === "object" && found !== null ? null : { reason: "part_refused", where: "body" };
}
