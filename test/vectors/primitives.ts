// Codes and signatures alone: a provider that signs the body and nothing else, and every way to spoil what it signs.

import type { Provider } from "../../src/scheme/scheme.ts";
import { verify } from "../../src/verify/verify.ts";

/** A provider that signs the body and nothing else. */
export const plain = (algorithm: Provider["algorithm"], secret: Provider["secret"], der?: boolean): Provider => ({
  name: "Primitive",
  algorithm,
  signature: { at: "header:signature", encoding: "hex", der },
  secret,
});

/** Whether the verifier takes this signature of the message. */
export async function accepts(provider: Provider, key: string, message: Buffer, signature: Buffer): Promise<boolean> {
  const request = {
    method: "POST",
    url: "https://x.example/",
    headers: new Headers({ signature: signature.toString("hex") }),
    body: new Uint8Array(message),
  };
  return (await verify(request, provider, [{ name: "K", value: key }], {}, 0)).ok;
}

/** The cases whose verdict is not the right one. */
export async function wrong(
  cases: Readonly<Record<string, Buffer>>,
  right: boolean,
  judge: (signature: Buffer) => Promise<boolean>,
): Promise<string[]> {
  const names: string[] = [];
  for (const [name, signature] of Object.entries(cases)) if ((await judge(signature)) !== right) names.push(name);
  return names;
}

const flipped = (bytes: Buffer, bit: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
};

/** Every single bit of a signature, every shorter part of it, and what is longer. */
export function spoilt(signature: Buffer): Record<string, Buffer> {
  const cases: Record<string, Buffer> = {
    "zeros before it": Buffer.concat([Buffer.alloc(1), signature]),
    "a zero after it": Buffer.concat([signature, Buffer.alloc(1)]),
    "itself after it": Buffer.concat([signature, signature]),
    "all zeros": Buffer.alloc(signature.length),
    "all ones": Buffer.alloc(signature.length, 0xff),
    "back to front": Buffer.from(signature.toReversed()),
  };
  for (let bit = 0; bit < signature.length * 8; bit++) cases[`bit ${bit}`] = flipped(signature, bit);
  for (let length = 0; length < signature.length; length++)
    cases[`its first ${length} bytes`] = signature.subarray(0, length);
  for (let length = 1; length < signature.length; length++)
    cases[`its last ${length} bytes`] = signature.subarray(-length);
  return cases;
}

/** Lengths around the blocks of the hash functions: 64 bytes for SHA-1 and SHA-256, 128 for SHA-512. */
export const LENGTHS = [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000];
/** So many bytes, none of them special. */
export const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, n) => (n * 7 + length) & 0xff));
