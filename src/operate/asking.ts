// How an operator's wish becomes an asking that D1 can do once. Pure but for WebCrypto.
import type { Asking } from "../d1/asking.ts";
import { receiptId } from "../ids.ts";
import type { By } from "./operator.ts";
import { askedAs } from "./asked.ts";

export interface AskingDeps {
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
}

/** @param action as the audit names it */
export async function askingFor(action: string, target: string, by: By, { now, newId }: AskingDeps): Promise<Asking> {
  const receipt = receiptId(now(), newId());
  return { action, target, actor: by.caller.actor, receipt, key: await askedAs(action, target, by) };
}
