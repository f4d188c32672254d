// The challenges of a sender and the answers to them, in sentences. Pure.

import type { Handshake, Provider } from "./scheme.ts";

/** A sentence for each handshake of a provider. */
export function handshakeFacts({ handshake = [] }: Provider): string[] {
  return handshake.map((one) => `${requestOf(one)} ${answerOf(one)}${conditionOf(one)}.`);
}

function requestOf({ method, when = {}, unless = [] }: Handshake): string {
  const parts = Object.entries(when).map(([place, value]) => `\`${place}\`${value === "" ? "" : ` = \`${value}\``}`);
  const without = unless.length === 0 ? "" : ` without ${unless.map((place) => `\`${place}\``).join(", ")}`;
  return `\`${method}\`${parts.length === 0 ? "" : ` with ${parts.join(", ")}`}${without}`;
}

function answerOf({ challenge, compute, visits, reveals, decrypt, answer }: Handshake): string {
  if (visits !== undefined)
    return `is confirmed by fetching \`${visits.at}\`, at hosts that match \`${visits.host}\` alone`;
  if (reveals !== undefined) return "tells the secret, for the operator to set";
  if (compute !== undefined)
    return `is answered with a code over \`${challenge?.at ?? compute.over}\` under the secret`;
  const echoes = JSON.stringify(answer).includes("{challenge}");
  if (answer.encrypted !== undefined) return `is answered with \`${answer.encrypted.text}\`, encrypted and signed`;
  if (decrypt !== undefined) return "is decrypted with the secret and answered with what it holds";
  if (challenge !== undefined && echoes) return `is answered with its \`${challenge.at}\``;
  return `is answered with ${answer.status ?? 200}`;
}

function conditionOf({ verified, signed, unset, token, expects, news }: Handshake): string {
  const conditions = [
    ...(verified === true || signed === true ? ["once its signature is verified"] : []),
    ...(typeof news === "string" ? [`and is an event of the type \`${news}\` as well`] : []),
    ...(unset === true ? ["only while the source has no secret"] : []),
    ...(token === undefined ? [] : [`if \`${token}\` is the verify token`]),
    ...Object.entries(expects ?? {}).map(([place, template]) => `if \`${place}\` is \`${template}\``),
  ];
  return conditions.map((condition) => `, ${condition}`).join("");
}
