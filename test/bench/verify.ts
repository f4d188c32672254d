// How fast is verification beside the providers' own libraries, in Node and in workerd?
import { resolve } from "node:path";
import { runLocal } from "../../src/cli/local/local.ts";
import { contests, repeat } from "./contests.ts";
import { expressions } from "./expressions.ts";
import { percentile } from "./statistics.ts";

/** Medians of the rounds, in operations per second. */
export interface VerifySpeed {
  readonly provider: string;
  readonly library: string;
  readonly where: string;
  readonly hookline: number;
  readonly official: number;
}

const rounds = 3;

/** Node's WebCrypto sends every call to a pool of threads and back: one at a time measures that way, many at a time the work. */
const abreast = [1, 64];

/**
 * @param stateDir for the workerd that runs the contests; it stays empty
 * @param withExpressions whether conditions and transforms are measured too, in workerd alone
 */
export async function verifySpeeds(
  stateDir: string,
  secondsPerRound: number,
  withExpressions: boolean,
): Promise<VerifySpeed[]> {
  const worker = await runLocal({
    main: resolve(import.meta.dirname, "worker/verify.ts"),
    vars: {},
    secrets: {},
    port: 0,
    stateDir,
    onLog: () => {},
  });
  const results: VerifySpeed[] = [];
  try {
    const verifying = await contests(Math.floor(Date.now() / 1000));
    for (const contest of [...verifying, ...(withExpressions ? expressions() : [])]) {
      const { provider, library } = contest;
      const enter = async (where: string, hookline: Batch, official: Batch): Promise<void> => {
        const speeds = await compare(hookline, official, secondsPerRound);
        results.push({ provider, library, where, ...speeds });
      };
      for (const width of verifying.includes(contest) ? abreast : []) {
        const inNode =
          (call: () => Promise<unknown>): Batch =>
          (calls) =>
            repeat(call, calls, width);
        const where = `Node, ${width} at a time`;
        await enter(where, inNode(contest.hookline), inNode(contest.official));
      }
      const inWorkerd =
        (who: string): Batch =>
        async (calls) => {
          const query = new URLSearchParams({ provider, who, calls: String(calls) }).toString();
          const answer = await fetch(`${worker.url}/?${query}`);
          if (!answer.ok) throw new Error(`${provider} in workerd: ${await answer.text()}`);
        };
      await enter("workerd", inWorkerd("hookline"), inWorkerd("official"));
    }
  } finally {
    await worker.stop();
  }
  return results;
}

type Batch = (calls: number) => Promise<void>;

/** Rounds of ours and theirs take turns, so that a busy machine slows both. */
async function compare(ours: Batch, theirs: Batch, seconds: number): Promise<{ hookline: number; official: number }> {
  const hookline: number[] = [];
  const official: number[] = [];
  for (let n = 0; n < rounds; n += 1) {
    hookline.push(await speed(ours, seconds));
    official.push(await speed(theirs, seconds));
  }
  return { hookline: percentile(hookline, 0.5), official: percentile(official, 0.5) };
}

/** Calls per second, in batches of 640, after one that warms up. */
async function speed(batch: Batch, seconds: number): Promise<number> {
  await batch(640);
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < seconds * 1000; calls += 640) await batch(640);
  return (calls / (performance.now() - start)) * 1000;
}
