// Under which name an asking is remembered, so that a repeat of it is recognised. Pure but for WebCrypto.
import { hash } from "../access/secrets.ts";
import type { By } from "./operator.ts";

/**
 * The name of a row of `marks`, or `null` where the asking carries no Idempotency-Key. Of fixed length whatever the client sends,
 * and different for each actor, action and target.
 */
export async function askedAs(action: string, target: string, { caller, key }: By): Promise<string | null> {
  return key === null ? null : `asked:${await hash(JSON.stringify([caller.actor, action, target, key]))}`;
}
