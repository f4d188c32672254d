// Could a stranger have obtained a code for this content from a handshake?
// Enforces the rule in `scheme/oracle.ts`. Pure.

import { SYNTAX } from "../scheme/oracle.ts";
import { render } from "./render.ts";
import type { Scope } from "./scope.ts";
import { concatenated } from "../bytes/encoding.ts";

/** Longest content that can be a challenge with what stands around it, in bytes; beyond it nothing is compared. */
const LIMIT = 8192;

/** Stands for the challenge while the text around it is rendered; no syntax admits it. */
const MARK = "\u0000";

/**
 * Whether this content is one that a stranger could have had computed in a handshake of this provider. The relay never
 * takes it as an event, so that what it computes and what it believes have nothing in common,
 * whatever the events of the sender look like.
 */
export function couldBeComputed(content: readonly (string | Uint8Array)[], scope: Scope, secret: string): boolean {
  const asked = (scope.provider.handshake ?? []).filter((one) => one.compute !== undefined);
  if (asked.length === 0) return false;
  if (content.reduce((length, chunk) => length + chunk.length, 0) > LIMIT) return false;
  const { readings } = scope;
  const text =
    content.length === 1 && content[0] === readings.request.body
      ? readings.text
      : new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(concatenated(content));
  return asked.some((one) => {
    const around = render(one.compute?.over ?? "", { ...scope, secret, challenge: MARK })?.split(MARK);
    const [before, after] = around ?? [];
    if (one.challenge === undefined || before === undefined || after === undefined) return false;
    if (text.length < before.length + after.length || !text.startsWith(before) || !text.endsWith(after)) return false;
    return SYNTAX[one.challenge.syntax].test(text.slice(before.length, text.length - after.length));
  });
}
