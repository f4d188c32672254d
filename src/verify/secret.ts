// A secret as the operator pasted it, and the bytes that it stands for. Pure.

import { decodeBase64, decodeHex } from "../bytes/encoding.ts";
import type { SecretForm } from "../scheme/scheme.ts";

const encoder = new TextEncoder();

/** The bytes that a secret stands for, or `null` where it is not in that form. */
export function secretBytes(value: string, form: SecretForm): Uint8Array | null {
  switch (form) {
    case "hex":
      return decodeHex(value.trim().toLowerCase());
    case "base64":
      return looseBase64(value);
    case "whsec":
      return looseBase64(value.trim().replace(/^(v1,)?whsec_/, ""));
    case "whsec-or-text":
      return value.startsWith("whsec_") ? looseBase64(value.slice(6)) : encoder.encode(value);
    case "after-colon":
      return encoder.encode(value.slice(value.indexOf(":") + 1));
    case "oauth1":
      return value === "" ? null : encoder.encode(`${value}&`);
    case "html":
      return encoder.encode(unescapeHtml(value));
    case "text":
    case "sha1":
    case "user:password":
    case "public":
    case "public-or-text":
      return encoder.encode(value);
  }
  return form satisfies never;
}

/** A secret is the operator's own and cannot be forged, so missing padding does no harm. */
function looseBase64(value: string): Uint8Array | null {
  const digits = value.trim().replace(/=+$/, "");
  return decodeBase64(digits.padEnd(Math.ceil(digits.length / 4) * 4, "="));
}

/** What WordPress's `wp_specialchars_decode` turns back before WooCommerce uses the secret. */
function unescapeHtml(value: string): string {
  return value
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll(/&#0?39;/g, "'")
    .replaceAll("&amp;", "&");
}
