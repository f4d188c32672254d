// As which sender does a destination want its events signed? A source's description, read the other way. Pure.
import { producingFault } from "../scheme/producible.ts";
import type { As } from "../scheme/shape.ts";
import { resolveProvider } from "./custom.ts";
import { complain, error, type Finding } from "./findings.ts";
import { settingFaults } from "./settings.ts";

/** The `as` of a destination: the name of a sender, or `provider` and `settings` as a source has them. */
export type AsKey =
  | string
  | { readonly provider: unknown; readonly settings?: Readonly<Record<string, string>> | undefined };

/** `undefined` where it is left out; `null` with findings where it is wrong. */
export function readAs(
  key: string,
  given: AsKey | undefined,
  format: string | undefined,
  findings: Finding[],
): As | null | undefined {
  if (given === undefined) return undefined;
  const at = `${key}.as`;
  if (format !== undefined) {
    findings.push(
      error(at, "stands beside format, and only one of the two can say how it is signed. Leave one of them out"),
    );
    return null;
  }
  const { provider, settings = {} } = typeof given === "string" ? { provider: given } : given;
  const resolved = resolveProvider(provider, settings);
  const faults = resolved.ok ? (resolved.short ? [] : settingFaults(resolved.provider, settings)) : resolved.faults;
  if (!resolved.ok || faults.length > 0) {
    const input = { provider, settings };
    findings.push(...faults.map((fault) => complain(at, input, fault)));
    return null;
  }
  const fault = producingFault(resolved.provider);
  if (fault === null) return { id: resolved.id, scheme: resolved.provider, settings };
  findings.push(
    error(at, `cannot be made: ${fault}. Write format = "passthrough" for its own events, or leave as out`),
  );
  return null;
}
