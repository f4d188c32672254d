// AES-256-GCM on the spot, with WebCrypto's results: the tag stands behind the content.
import { createCipheriv, createDecipheriv } from "node:crypto";

interface How {
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
}

const TAG = 16;

export function encrypted({ iv, additionalData }: How, key: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(additionalData);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws where it is not what was encrypted */
export function decrypted({ iv, additionalData }: How, key: Uint8Array, sealed: Uint8Array): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, iv).setAAD(additionalData);
  decipher.setAuthTag(sealed.subarray(-TAG));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()]);
}
