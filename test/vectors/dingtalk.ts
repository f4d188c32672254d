// DingTalk's event subscriptions from the other side: messages as it signs and encrypts them, and the answers that it takes for a yes.

import { createCipheriv, createHash } from "node:crypto";
import type { KnownHandshake } from "../../src/cli/local/known-answers.ts";
import { JSON_TYPE, NOW } from "./signed.ts";

/** 43 characters, as DingTalk and WeCom make them. */
const AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APP = "ding4f4b";
const TOKEN = "a-shared-secret";

/** The code of a message or an answer. */
function codeOf(...parts: readonly string[]): string {
  return createHash("sha1").update(parts.toSorted().join("")).digest("hex");
}

/** A message, and the settings that its answer needs. */
export function dingtalkMessage(token: string, at: number, encrypt: string) {
  const proof = codeOf(token, `${at}000`, "n1", encrypt);
  return {
    proof,
    url: `https://hooks.example.com/in/abc123?msg_signature=${proof}&timestamp=${at}000&nonce=n1`,
    body: JSON.stringify({ encrypt }),
    config: { encodingAESKey: AES_KEY, appKey: APP },
    covered: { message: [encrypt, encrypt.replace("ZW5j", "ZW5k")], nonce: ["nonce=n1", "nonce=n2"] },
  } as const;
}

/** As its libraries write it: sixteen bytes, the length, the text, the receiver. */
function encrypted(text: string, salt: Buffer): string {
  const key = Buffer.from(`${AES_KEY}=`, "base64");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  const plain = Buffer.concat([salt, length, Buffer.from(text), Buffer.from(APP)]);
  const pad = 32 - (plain.length % 32);
  const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc(pad, pad)])), cipher.final()]).toString(
    "base64",
  );
}

/** The check of the address and an event, which both wait for the same word; neither gets it under another secret. */
export function dingtalkHandshakes(): KnownHandshake[] {
  return [{ EventType: "check_url" }, { EventType: "user_add_org" }].flatMap((message) => {
    const { url, body, config } = dingtalkMessage(TOKEN, NOW, encrypted(JSON.stringify(message), Buffer.alloc(16, 7)));
    const salt = createHash("sha256").update(`${TOKEN}\n${NOW}000\nn1`).digest().subarray(0, 16);
    const said = { timeStamp: `${NOW}000`, nonce: "n1.", encrypt: encrypted("success", salt) };
    const msg_signature = codeOf(TOKEN, said.timeStamp, said.nonce, said.encrypt);
    const asked = { provider: "dingtalk-events", method: "POST", url, headers: JSON_TYPE, body, config, now: NOW };
    return [
      { ...asked, secret: TOKEN, response: { status: 200, json: { msg_signature, ...said } } },
      { ...asked, secret: "another", response: { status: 401 } },
    ];
  });
}
