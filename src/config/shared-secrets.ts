// May two sources share a secret? Not if the handshake of one computes
// codes that would prove events of the other. Pure.
import type { ConfiguredSource } from "./configured.ts";
import { oracleFault } from "../scheme/oracle.ts";
import { error, type Finding } from "./findings.ts";

/** Takes away the sources whose events a stranger could have signed at another source, with a finding for each. */
export function refuseSharedOracles(
  sources: ReadonlyMap<string, ConfiguredSource>,
  keyOf: (name: string) => string,
  findings: Finding[],
): Map<string, ConfiguredSource> {
  const kept = new Map(sources);
  for (const source of sources.values()) {
    for (const other of sources.values()) {
      const secret = other === source ? undefined : common(source, other);
      const fault = secret === undefined ? null : oracleFault(source.scheme, other.scheme);
      if (fault === null) continue;
      const says = `shares ${secret} with ${other.name}, which lets a stranger have signatures made (${fault.key} ${fault.message}). Give ${source.name} a secret of its own`;
      findings.push(error(`${keyOf(source.name)}.secrets`, says));
      kept.delete(source.name);
    }
  }
  return kept;
}

/** The name of a secret that both would take, by its name or, where secrets are set, by its value. */
function common(source: ConfiguredSource, other: ConfiguredSource): string | undefined {
  const values = new Set(other.secrets.map(({ value }) => value));
  return (
    source.secretNames.find((name) => other.secretNames.includes(name)) ??
    source.secrets.find(({ value }) => values.has(value))?.name
  );
}
