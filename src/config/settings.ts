// Does a source have the settings that its scheme reads, and no others? Pure.
import { type Fault, suggest } from "./findings.ts";
import type { Provider } from "../scheme/scheme.ts";
import { settingsOf } from "../scheme/settings.ts";

/**
 * What is wrong with a source's settings: an unknown one is a slip that would change nothing,
 * a needed one that is missing refuses all.
 */
export function settingFaults(provider: Provider, settings: Readonly<Record<string, string>>): Fault[] {
  const read = settingsOf(provider);
  const names = read.map(({ name }) => name);
  const unknown = Object.keys(settings)
    .filter((name) => !names.includes(name))
    .map((name) => {
      const says = names.length === 0 ? ` ${provider.name} reads no settings: leave it out` : suggest(name, names);
      return { path: ["settings", name], message: `is unknown here.${says}`, hidden: true };
    });
  const missing = read.flatMap(({ name, needed, at }) => {
    const value = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (value === undefined ? !needed : value.trim() !== "") return [];
    const state = value === undefined ? `is missing, and ${provider.name} needs it (${at})` : "is empty";
    const fix = `Write settings = { ${name} = "…" }${needed ? "" : ", or leave it out"}`;
    return [{ path: ["settings", name], message: `${state}. ${fix}` }];
  });
  return [...unknown, ...missing];
}
