// Everything of which somebody is told. What covers another comes first. Pure.
import { OF_DESTINATIONS } from "./of-destinations.ts";
import { OF_SOURCES } from "./of-sources.ts";
import { OF_THE_RELAY } from "./of-the-relay.ts";
import type { Rule } from "./rule.ts";

export const RULES: readonly Rule[] = [...OF_DESTINATIONS, ...OF_SOURCES, ...OF_THE_RELAY];

/** The rule of that name; `null` where a later release had it. */
export function ruleOf(name: string): Rule | null {
  return RULES.find((rule) => rule.name === name) ?? null;
}
