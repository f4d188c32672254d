// Fields of HTTP message signatures (RFC 9421) that are written otherwise than RFC 8941 says, or say one thing twice.

import { expect, test } from "vitest";
import { rfc9421 } from "../../../src/verify/message-signature.ts";

const SIGNATURE = "s=:AAAA:";
const PARAMETERS = '("content-digest");created=1;alg="ed25519"';
const INPUT = `s=${PARAMETERS}`;

/** Label and parameters as they are signed, for each signature that is found. */
const found = (value: string, input: string) =>
  rfc9421(value, input).map(({ signature, parameters }) => [signature, parameters.get("@signature-params")]);

test.for([
  [SIGNATURE, INPUT],
  [`other=:BBBB:, ${SIGNATURE}`, INPUT],
  [SIGNATURE, `other=("date");created=2, ${INPUT}`],
  [SIGNATURE, `${INPUT} ,\tother=("date")`],
  [` ${SIGNATURE} `, ` ${INPUT} `],
] as const)("%j with %j is one signature, over its parameters to the letter", ([value, input]) => {
  expect(found(value, input)).toEqual([["AAAA", PARAMETERS]]);
});

test.for([
  ["bytes after the signature", `${SIGNATURE}x`, INPUT],
  ["a parameter of the signature, which nothing signs", `${SIGNATURE};x=1`, INPUT],
  ["text before the signature", `x ${SIGNATURE}`, INPUT],
  ["bytes after the parameters", SIGNATURE, `${INPUT} x`],
  ["a space before a parameter", SIGNATURE, 's=("content-digest"); created=1'],
  ["a value that goes on", SIGNATURE, 's=("content-digest");alg=rsa/x'],
  ["a decimal", SIGNATURE, 's=("content-digest");created=1.5'],
  ["a quote that is escaped", SIGNATURE, 's=("content-digest");keyid="a\\"b"'],
  ["no comma between two members", SIGNATURE, `x=1 ${INPUT}`],
  ["two inputs of one label", SIGNATURE, `s=("date");created=1, ${INPUT}`],
  ["one parameter twice", SIGNATURE, `${INPUT};created=2`],
  ["a parameter that poses as the covered names", SIGNATURE, 's=();headers="content-digest";created=1'],
  ["one component twice", SIGNATURE, 's=("date" "date")'],
  ["a component with a parameter", SIGNATURE, 's=("date";req)'],
  ["two spaces between components", SIGNATURE, 's=("date"  "content-digest")'],
  ["capitals in a component", SIGNATURE, 's=("Content-Digest")'],
] as const)("%s: none", ([, value, input]) => {
  expect(found(value, input)).toEqual([]);
});
