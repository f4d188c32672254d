// Alerts as people read them: what is open, whether notices were sent, and what sends them. Pure.
import { type AlertAnswer, type MuteAnswer, OWN_NAME } from "../../contract/alerts.ts";
import { span } from "./words.ts";

/** What leads from the relay's own source to somebody. `NAME` is one of the destinations. */
export const TELLING = ["[vars.ROUTES.alerts]", 'from = "hookline"', 'to = "NAME"'] as const;

/** `2 alerts are open`. */
export function openInWords(count: number): string {
  return count === 1 ? "1 alert is open" : `${count} alerts are open`;
}

type Times = Pick<AlertAnswer, "since" | "ended_at">;

/** How long it has been so, or was: `2 h`. */
export function lengthOf({ since, ended_at: ended }: Times, now: number): string {
  return span((ended === null ? now : Date.parse(ended)) - Date.parse(since));
}

/** `for 2 h`, `it lasted 2 h`. */
export function lasting(one: Times, now: number): string {
  return `${one.ended_at === null ? "for" : "it lasted"} ${lengthOf(one, now)}`;
}

/** Whether anybody was told. */
export function toldInWords({ told, ended_at: ended }: Pick<AlertAnswer, "told" | "ended_at">): string {
  if (told === "nobody") return "no notice sent";
  return told === "opened" && ended !== null
    ? "notice sent when it began"
    : told === "opened"
      ? "notice sent"
      : "notices sent when it began and when it ended";
}

/** `breaker-open of billing`, `everything about billing`, `source-silent`. */
export function muteInWords({ rule, subject }: Pick<MuteAnswer, "rule" | "subject">): string {
  if (rule === null) return `everything about ${subject ?? "anything"}`;
  return subject === null ? rule : `${rule} of ${subject}`;
}

/** The page of a source: what the relay itself says has that of the alerts. */
export function pageOfSource(name: string): string {
  return name === OWN_NAME ? "/alerts" : `/sources/${encodeURIComponent(name)}`;
}

/** The relay's own source, as a choice beside those of the configuration, where a route makes events of it. */
export function ownSource({ routes }: { readonly routes: readonly { readonly from: readonly string[] }[] }): string[] {
  return routes.some(({ from }) => from.includes(OWN_NAME)) ? [OWN_NAME] : [];
}
