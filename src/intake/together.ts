// What an object answers to several candidates that came in one call.
import { sleep } from "../patience.ts";
import type { Acceptance } from "../types.ts";
import { LATER, type Told } from "./calls.ts";

/** How long those that are in the journal wait for others, in ms. */
const LATER_MS = 10;

/**
 * Fresh events are in one group of the journal, as a rule, and answered together; whatever else there is waits for
 * them. One that waits for D1 does not hold them up: it is told `later`. Never rejects.
 */
export async function together(each: readonly Promise<Acceptance>[]): Promise<readonly Told[]> {
  const answers: Told[] = each.map(() => LATER);
  const accepted = Promise.withResolvers<void>();
  const all = each.map(async (answering, n) => {
    try {
      const answer = await answering;
      answers[n] = answer;
      if (answer.kind === "accepted") accepted.resolve();
    } catch (error) {
      answers[n] = { kind: "failed", error: String(error) };
    }
  });
  await Promise.race([Promise.all(all), accepted.promise.then(() => sleep(LATER_MS))]);
  return [...answers];
}
