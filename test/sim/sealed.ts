// In some worlds acme encrypts, and its key is rotated while events come: first the next key is known everywhere, and then it is used.
import { createHash } from "node:crypto";
import { Dice } from "./dice.ts";
import { decrypted } from "./gcm.ts";
import type { Step } from "./plan.ts";
import type { Vars } from "./settings.ts";
import type { Trait } from "./traits.ts";

const [FIRST, NEXT] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString("base64"));

/** In one world of four, with the steps of half of them; in one of seven what it says is redacted instead. It has dice of its own, so that no other choice moves. */
export function sealedOf(seed: number, span: number): { traits: Trait[]; sayings: Step[] } {
  const dice = new Dice(seed, "sealed");
  if (!dice.chance(0.25)) return { traits: dice.chance(0.2) ? ["redacted"] : [], sayings: [] };
  if (!dice.chance(0.5)) return { traits: ["sealed"], sayings: [] };
  const at = dice.whole(0, span);
  const sayings: Step[] = [
    { at, do: "deploy", change: "know the next key" },
    { at: at + dice.whole(1_000, 60_000), do: "deploy", change: "use the next key" },
  ];
  return { traits: ["sealed"], sayings };
}

/** What the vars of such a world have besides, and its source. */
export function sealedVars(traits: readonly Trait[]): { readonly vars: Vars; readonly source: object } {
  if (traits.includes("redacted")) return { vars: { ENCRYPTION_KEY: FIRST }, source: { redact: ["body.says"] } };
  if (!traits.includes("sealed")) return { vars: {}, source: {} };
  return { vars: { ENCRYPTION_KEY: FIRST }, source: { encrypt: true } };
}

/** The two deployments of a rotation without a pause. */
export const KEY_CHANGES = {
  "know the next key": (vars: Vars): Vars => ({ ...vars, ENCRYPTION_KEY_OLD: NEXT }),
  "use the next key": (vars: Vars): Vars => ({ ...vars, ENCRYPTION_KEY: NEXT, ENCRYPTION_KEY_OLD: FIRST }),
};

const KEYS = [FIRST, NEXT].map((text) => {
  const key = Buffer.from(text ?? "", "base64");
  return { key, id: createHash("sha256").update(key).digest("hex").slice(0, 8) };
});

/** What a row holds, opened without the relay's help where it is sealed. @throws where it is not the one of this place */
export function openedAt(place: string, text: string): Buffer | null {
  const [, id, nonce = "", sealed = ""] = /^v1\.([0-9a-f]{8})\.([^.]+)\.([^.]+)$/.exec(text) ?? [];
  const found = KEYS.find((one) => one.id === id);
  if (found === undefined) return null;
  const how = { iv: Buffer.from(nonce, "base64"), additionalData: Buffer.from(place) };
  return decrypted(how, found.key, Buffer.from(sealed, "base64"));
}
