// Encrypts and signs an answer in the sender's own scheme: DingTalk accepts no other acknowledgement. Pure.

import { createCipheriv } from "node:crypto";
import { encodeBase64, encodeHex } from "../bytes/encoding.ts";
import type { Encrypted } from "../scheme/scheme.ts";
import { aesKeyOf, BLOCK } from "./decrypt.ts";
import { digest } from "./hmac.ts";
import { read } from "./render.ts";
import type { Scope } from "./scope.ts";

/**
 * Stands behind the nonce of an answer. No event's nonce, time or message may hold it (`forms` of the sender), so that
 * what is signed here never proves an event, however its parts are cut anew.
 */
const MARK = ".";

/**
 * The members of the answer, or `null` where the request or the settings lack what it is made of. The 16 bytes in front
 * of the text are random in DingTalk's own library; here they are the hash of the secret and the request, so that the
 * same request gets the same answer.
 */
export function encryptedAnswer(
  { text, key, receiver, time, nonce }: Encrypted,
  scope: Scope,
  secret: string,
): Readonly<Record<string, string>> | null {
  const aes = aesKeyOf(read(key, scope) ?? "");
  const [to, timeStamp, given] = [receiver, time, nonce].map((place) => read(place, scope) ?? "");
  if (aes === null || !to || !timeStamp || !given) return null;
  const salt = digest("sha256", [secret, "\n", timeStamp, "\n", given]).subarray(0, 16);
  const message = new TextEncoder().encode(text);
  const plain = new Uint8Array([...salt, ...lengthOf(message), ...message, ...new TextEncoder().encode(to)]);
  const pad = BLOCK - (plain.length % BLOCK);
  const cipher = createCipheriv("aes-256-cbc", aes, aes.subarray(0, 16)).setAutoPadding(false);
  const padded = new Uint8Array([...plain, ...new Uint8Array(pad).fill(pad)]);
  const encrypt = encodeBase64(new Uint8Array([...cipher.update(padded), ...cipher.final()]));
  const own = `${given}${MARK}`;
  const signed = [secret, timeStamp, own, encrypt].toSorted().join("");
  return { msg_signature: encodeHex(digest("sha1", [signed])), timeStamp, nonce: own, encrypt };
}

/** Four bytes, the largest first. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}
