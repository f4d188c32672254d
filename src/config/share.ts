// `LOG_SUCCESS`: of how many events the success is written into the log. Pure.
import { error, type Finding, show } from "./findings.ts";

/** 0 to 1, as a number or as text; all of them where it is not set or wrong. */
export function readShare(value: unknown, findings: Finding[]): number {
  if (value === undefined) return 1;
  const share = typeof value === "string" && /^\d*\.?\d+$/.test(value) ? Number(value) : value;
  if (typeof share === "number" && share >= 0 && share <= 1) return share;
  const says = `${show(value)} is no share. Write a number from 0 to 1, such as 0.1 for every tenth event`;
  findings.push(error("LOG_SUCCESS", says));
  return 1;
}
