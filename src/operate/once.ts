// How an order is done once: named by its Idempotency-Key, carried out in one transaction, and its bells rung.
import { hash } from "../access/secrets.ts";
import type { Asking, Deed } from "../d1/deeds/deed.ts";
import { GRACE_MS } from "../deadlines.ts";
import { receiptId } from "../ids.ts";
import { ringOrLeave } from "../out/bells.ts";
import type { By, VerbDeps } from "./operator.ts";

/**
 * The name of a row of `marks`, or `null` where the asking carries no Idempotency-Key. Of fixed length whatever the
 * client sends, and different for each actor, action and target.
 */
export async function askedAs(action: string, target: string, { caller, key }: By): Promise<string | null> {
  return key === null ? null : `asked:${await hash(JSON.stringify([caller.actor, action, target, key]))}`;
}

type OnceDeps = Pick<VerbDeps, "ring" | "remind" | "now" | "newId" | "log"> & {
  readonly tables: Pick<VerbDeps["tables"], "once">;
};

/** What a verb does its deed with. */
export function openOnce({ tables, ring, remind, now, newId, log }: OnceDeps) {
  /**
   * Does a deed, unless the same caller has had it done to the same target under the same Idempotency-Key,
   * and rings for what it has opened.
   *
   * @returns the first asking's answer, and whether this is the first
   */
  return async function once<Facts extends object, Answer>(
    deed: Deed<Facts, Answer>,
    target: string,
    facts: Facts,
    by: By,
  ): Promise<{ readonly answer: Answer; readonly first: boolean; readonly asking: Asking; readonly rung: string[] }> {
    const at = now();
    const { action } = deed;
    const key = await askedAs(action, target, by);
    const asking = { action, target, actor: by.caller.actor, receipt: receiptId(at, newId()), key };
    const { answer, first, bells } = await tables.once(deed, asking, facts, at);
    if (bells.length > 0) {
      await remind(at + GRACE_MS);
      await ringOrLeave(bells, ring, log, { target });
    }
    return { answer, first, asking, rung: bells.map(({ delivery }) => delivery) };
  };
}
