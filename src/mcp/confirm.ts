// Does somebody mean what they order? The first asking gets a token for exactly that order; the second brings it.
// Nothing is kept: the token is a signature that only whoever asked could have got.
import { equal } from "../bytes/encoding.ts";
import { proofOf } from "../access/secrets.ts";

/** How long a token is good for, in ms: somebody has to read what would happen. */
export const CONFIRM_MS = 5 * 60_000;

/** What is confirmed: by whom, which tool, and all that it is told. */
export interface Exact {
  /** What the caller has shown: another key's token is none. */
  readonly credential: string;
  readonly tool: string;
  readonly args: object;
  /** Who is to confirm: a token for a person's answer is none that the model could bring, nor the other way round. */
  readonly by: "caller" | "person";
}

const encoder = new TextEncoder();
const TOKEN = /^(\d{13})-([0-9a-f]{32})$/;

/** The token for an order until a time in ms. */
export async function tokenFor({ credential, tool, args, by }: Exact, until: number): Promise<string> {
  const proof = await proofOf(JSON.stringify(["mcp", by, tool, args, until]), credential);
  return `${until}-${proof.slice(0, 32)}`;
}

/** Whether a token is for this order and in time, or what it is instead. */
export async function judgeToken(token: string, exact: Exact, now: number): Promise<"good" | "expired" | "other"> {
  const until = Number(TOKEN.exec(token)?.[1] ?? Number.NaN);
  if (Number.isNaN(until)) return "other";
  const expected = await tokenFor(exact, until);
  if (!equal(encoder.encode(token), encoder.encode(expected))) return "other";
  return until > now ? "good" : "expired";
}
