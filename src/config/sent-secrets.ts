// May this secret be sent? Not what proves a sender or signs for a receiver: whoever gets it could forge events. Pure.
import type { Entry } from "./reading.ts";
import { error, type Finding } from "./findings.ts";
import { conventionalSecret } from "./forms.ts";
import type { Secret } from "../types.ts";

interface Named {
  readonly sources: ReadonlyMap<string, Entry>;
  readonly destinations: ReadonlyMap<string, Entry>;
}

/**
 * Takes away the destinations that would send a secret with which events are proven or signed, or the API is opened, by
 * its name or, where secrets are set, by its value. A finding says it for each.
 *
 * @param sent names of the secrets that a destination sends
 */
export function refuseSentSecrets<Kept>(
  destinations: ReadonlyMap<string, Kept>,
  sent: (destination: Kept) => readonly string[],
  named: Named,
  secret: (name: string) => Secret | null,
  findings: Finding[],
  keyOf = (name: string): string => `${named.destinations.get(name)?.key ?? name}.headers`,
): Map<string, Kept> {
  const kept = new Map(destinations);
  const kinds = [...kept].some(([, one]) => sent(one).length > 0) ? provingSecrets(named) : null;
  if (kinds === null) return kept;
  const values = new Map(
    [...kinds].flatMap(([name, whose]) => {
      const value = secret(name)?.value.trim();
      return value === undefined ? [] : [[value, whose] as const];
    }),
  );
  for (const [name, destination] of destinations) {
    for (const one of sent(destination)) {
      const whose = kinds.get(one) ?? values.get(secret(one)?.value.trim() ?? "");
      if (whose === undefined) continue;
      const says = `sends ${one}, which ${whose}: whoever gets it could forge events. Put the receiver's credential under a name and with a value of its own`;
      findings.push(error(keyOf(name), says));
      kept.delete(name);
    }
  }
  return kept;
}

/** Secrets that prove or sign or open something, by name, each with what it does. */
function provingSecrets({ sources, destinations }: Named): Map<string, string> {
  const found = new Map([
    ["SIGNING_KEY", "every destination's key is derived from"],
    ["SIGNING_KEY_OLD", "destinations' keys are derived from"],
    ["ADMIN_TOKEN", "opens the API"],
    ["ENCRYPTION_KEY", "opens what is kept encrypted"],
    ["ENCRYPTION_KEY_OLD", "opens what is kept encrypted"],
  ]);
  for (const { name, value } of sources.values()) {
    const own = member(value, "secrets");
    const conventional = conventionalSecret(name);
    const names = own === undefined ? [conventional, `${conventional}_OLD`] : [own].flat();
    for (const one of names) if (typeof one === "string") found.set(one, `proves what comes from ${name}`);
  }
  for (const { name, value } of destinations.values()) {
    const own = member(value, "secret");
    if (typeof own !== "string") continue;
    for (const one of [own, `${own}_OLD`]) found.set(one, `signs what goes to ${name}`);
  }
  return found;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
