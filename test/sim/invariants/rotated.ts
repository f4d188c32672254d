// A rotation refuses nobody: what the relay's two ends hold while secrets change over, worked out without its help.
import { createHmac } from "node:crypto";
import { keyOfReceiver, signsWithOld } from "../rotated.ts";
import type { Invariant } from "./invariant.ts";

export const changesOver: Invariant = {
  id: "ends",
  says: "nothing genuine is refused while a secret is replaced, nothing is signed with one that has ended, and each request to a receiver verifies with the secret that it holds then",
  answered({ letter, answer }, { plan }) {
    if (!plan.traits.includes("rotated") || letter.source !== "acme" || letter.forged !== null) return null;
    return answer.status === 401 ? `${letter.key} of acme was refused, and was signed with what its sender held` : null;
  },
  arrived({ destination, headers, body, at, by }, { plan, platform }) {
    if (!plan.traits.includes("rotated") || destination !== "beta") return null;
    const id = headers["webhook-id"] ?? "";
    const vars = platform.varsOf(by.isolate.version);
    const given = (headers["webhook-signature"] ?? "").split(" ");
    const made = (key: unknown) =>
      `v1,${createHmac("sha256", Buffer.from(String(key).slice("whsec_".length), "base64"))
        .update(`${id}.${headers["webhook-timestamp"]}.`)
        .update(body)
        .digest("base64")}`;
    if (!given.includes(made(keyOfReceiver(vars, at)))) return `beta cannot verify ${id} with the key that it holds`;
    const isOld = given.includes(made(vars["BETA_KEY_OLD"]));
    return isOld && !signsWithOld(Number(headers["webhook-timestamp"]))
      ? `${id} went to beta signed with a key that had ended`
      : null;
  },
};
