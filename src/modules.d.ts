// The part of node:crypto that `hmac.ts` and `encrypt.ts` use: the Workers runtime has it built in, but
// `@cloudflare/workers-types` leaves it out.
declare module "node:crypto" {
  export interface KeyObject {
    readonly type: string;
  }
  interface Digest {
    update(data: string | Uint8Array): this;
    digest(encoding: "binary"): string;
  }
  export function createSecretKey(key: Uint8Array): KeyObject;
  export function createHmac(hash: string, key: KeyObject): Digest;
  export function createHash(hash: string): Digest;
  interface Cipher {
    setAutoPadding(pads: boolean): this;
    update(data: Uint8Array): Uint8Array;
    final(): Uint8Array;
  }
  export function createCipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array): Cipher;
}

// The part of node:buffer that `body.ts` uses.
declare module "node:buffer" {
  export const Buffer: {
    from(buffer: ArrayBufferLike, byteOffset: number, length: number): { toString(encoding: "base64"): string };
    from(text: string, encoding: "base64"): Uint8Array<ArrayBuffer>;
  };
}
