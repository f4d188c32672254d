// Which secrets are in force at this moment? One with an end proves and signs nothing from that moment on. Pure.
import type { Secret, SigningKey } from "../types.ts";

/** From its end on, the first millisecond of it included. */
export function isEnded({ until }: Pick<Secret, "until">, now: number): boolean {
  return until !== undefined && now >= until;
}

/** The source as it stands now: without the secrets that have ended. The same object where none has. */
export function inForce<Holder extends { readonly secrets: readonly Secret[] }>(holder: Holder, now: number): Holder {
  return holder.secrets.some((one) => isEnded(one, now))
    ? { ...holder, secrets: holder.secrets.filter((one) => !isEnded(one, now)) }
    : holder;
}

/** The destination as it signs now: without the keys that have ended. The same object where none has. */
export function signsNow<Holder extends { readonly keys: readonly SigningKey[] }>(holder: Holder, now: number): Holder {
  return holder.keys.some((one) => isEnded(secretOf(one), now))
    ? { ...holder, keys: holder.keys.filter((one) => !isEnded(secretOf(one), now)) }
    : holder;
}

/** The secret that a key is, or comes from. */
export function secretOf(key: SigningKey): Secret {
  return key.kind === "own" ? key.secret : key.from;
}
