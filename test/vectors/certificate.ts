// A certificate as a sender would publish it, written byte by byte (RFC 5280, 4.1). It shares no code with the reader.

import { createSign, type KeyObject } from "node:crypto";

/** What a test chooses of a certificate. */
export interface CertificateFacts {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** Common names of the subject, in order. */
  readonly commonNames?: readonly string[];
  /** DNS names of the subject; without them there is no such extension. */
  readonly dnsNames?: readonly string[];
  /** Milliseconds since 1970. */
  readonly from?: number;
  readonly until?: number;
}

/** The certificate in DER. */
export function certificateDer({
  publicKey,
  privateKey,
  commonNames = [],
  dnsNames,
  from = Date.UTC(2020, 0, 1),
  until = Date.UTC(2040, 0, 1),
}: CertificateFacts): Buffer {
  const sha256WithRsa = tlv(0x30, oid("1.2.840.113549.1.1.11"), tlv(0x05));
  const name = tlv(
    0x30,
    ...commonNames.map((one) => tlv(0x31, tlv(0x30, oid("2.5.4.3"), tlv(0x0c, Buffer.from(one))))),
  );
  const alternative =
    dnsNames === undefined
      ? []
      : [
          tlv(
            0xa3,
            tlv(
              0x30,
              tlv(
                0x30,
                oid("2.5.29.17"),
                tlv(0x04, tlv(0x30, ...dnsNames.map((one) => tlv(0x82, Buffer.from(one, "latin1"))))),
              ),
            ),
          ),
        ];
  const signed = tlv(
    0x30,
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    sha256WithRsa,
    name,
    tlv(0x30, time(from), time(until)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    ...alternative,
  );
  const code = createSign("sha256").update(signed).sign(privateKey);
  return tlv(0x30, signed, sha256WithRsa, tlv(0x03, Buffer.from([0]), code));
}

/** The certificate in PEM, in lines of 64 characters. */
export function certificatePem(facts: CertificateFacts): string {
  const lines =
    certificateDer(facts)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [40 * first + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return tlv(0x06, Buffer.from(bytes));
}

/** GeneralizedTime, whatever the year. */
function time(at: number): Buffer {
  return tlv(0x18, Buffer.from(new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, "")));
}
