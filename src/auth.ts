// Does this request carry the operator's token? WebCrypto and nothing else.
import { equal } from "./encoding.ts";
import type { Secret } from "./types.ts";

const BEARER = /^Bearer +([^ ]+)$/i;
const utf8 = new TextEncoder();

/**
 * Whether an Authorization header carries `token`. Without a token to compare with, nobody gets in.
 * Both sides are hashed first, so that the comparison tells nothing of the token, its length included.
 */
export async function authorised(header: string | null | undefined, token: Secret | null): Promise<boolean> {
  const given = BEARER.exec(header ?? "")?.[1];
  if (given === undefined || token === null) return false;
  const [left, right] = await Promise.all([sha256(given), sha256(token.value)]);
  return equal(left, right);
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text)));
}
