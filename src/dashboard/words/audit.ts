// What an entry of the audit says, in words: its action, and its detail, which is JSON where the relay wrote it. Pure.
import { parsedStrictly } from "../../bytes/json.ts";

/** What happened, by the action's name. Another version may know more: its name then stands for itself. */
const ACTIONS: Readonly<Record<string, string>> = {
  "sign-in": "signed in",
  "sign-out": "signed out",
  "sign-in.refused": "sign-in refused",
  "replays.start": "bulk replay started",
  "replays.cancel": "bulk replay ended early",
  "replays.done": "bulk replay done",
  "erasures.start": "deletion of a subject ordered",
  "erasures.confirm": "deletion of a subject confirmed",
  "erasures.cancel": "deletion of a subject ended early",
  "erasures.done": "deletion of a subject done",
  "key.create": "key made",
  "key.revoke": "key revoked",
  "offers.reveal": "handed-over secret shown",
  "alerts.mute": "alerts muted",
  "alerts.unmute": "alerts unmuted",
  gaps: "sender asked for what never came",
  "gaps.look": "sender asked now for what never came",
  route: "routed again",
  addresses: "address list changed",
};

export function actionInWords(action: string): string {
  return ACTIONS[action] ?? action;
}

const REASONS: Readonly<Record<string, string>> = {
  wrong_secret: "neither ADMIN_TOKEN nor a key",
  no_such_key: "no such key",
  key_revoked: "the key is revoked",
  key_expired: "the key has expired",
  form: "the sign-in page",
  authorization: "the API",
};

/** `state failed, destination billing, rate 600`; what is no JSON stays as it is. */
export function detailInWords(detail: string): string {
  const value = parsedStrictly(detail);
  return typeof value === "object" && value !== null ? inWords(value) : detail;
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  if (typeof value !== "object" || value === null) return REASONS[String(value)] ?? String(value);
  return Object.entries(value)
    .filter(([name, one]) => one !== null || name === "state")
    .map(([name, one]) => {
      const at = typeof one === "number" && (name === "since" || name === "until");
      const words = at ? `${new Date(one).toISOString().slice(0, 16).replace("T", " ")} UTC` : inWords(one);
      // Without a state, both were asked for.
      if (one === null) return `${name} failed and delivered`;
      return name === "filter" ? words : `${name} ${words}`;
    })
    .join(", ");
}
