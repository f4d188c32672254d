// How many a destination gets, and what ends a delivery before its schedule does, as its page says it.
import type { DestinationAnswer } from "../../contract/operations.ts";
import { list, number, span } from "./words.ts";

/** How many it gets, and what ends a delivery before its schedule does. */
export function limitsInWords({
  give_up_on: ends = [],
  retry_on: goesOn = [],
  max_age_s: age,
  on_failed: next,
  version,
  rate,
  concurrency,
  order,
  after_failure: after,
}: DestinationAnswer): [string, string][] {
  return [
    ...(rate === undefined
      ? []
      : [["Gets at most", `${rate}, in any window of that length`] satisfies [string, string]]),
    ...(concurrency === undefined ? [] : [["At a time", number(concurrency)] satisfies [string, string]]),
    ...(order === undefined
      ? []
      : [
          [
            "In order of",
            `${order}; one that has failed for good ${after === "wait" ? "stops those behind it" : "is passed"}`,
          ] satisfies [string, string],
        ]),
    ...(ends.length === 0 ? [] : [["Gives up on", list(ends)] satisfies [string, string]]),
    ...(goesOn.length === 0 ? [] : [["Retries on", list(goesOn)] satisfies [string, string]]),
    ...(next === undefined ? [] : [["What fails goes to", next] satisfies [string, string]]),
    ...(version === undefined ? [] : [["Version", version] satisfies [string, string]]),
    ...(age === undefined ? [] : [["Not attempted after", span(age * 1000)] satisfies [string, string]]),
  ];
}
