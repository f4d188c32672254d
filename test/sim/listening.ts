// Who listens to the tunnel of a world and when, what becomes of their machines and of the object meanwhile, as plain data.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import type { Trait } from "./traits.ts";

/** The destination that is a tunnel. */
export const DESK = "desk";

/** What the vars of such a world have besides. */
export function tunnelledVars(
  traits: readonly Trait[],
  retry: readonly string[],
): { destinations: object; routes: object } {
  if (!traits.includes("tunnelled")) return { destinations: {}, routes: {} };
  return {
    destinations: { [DESK]: { tunnel: true, retry } },
    routes: { listened: { from: ["acme", "app"], to: DESK } },
  };
}

/** Of a delivery's row, in SQL: whether nobody will ever listen to it, so that it ends with its retention. */
export function unheardIn({ traits }: { readonly traits: readonly Trait[] }): string {
  return traits.includes("unheard") ? `(state = 'held' AND destination = '${DESK}')` : "false";
}

export type Who = "ann" | "bob";

/** `narrow` wants pushes alone, and `watch` answers nothing. */
export interface Listening {
  readonly do: "listen";
  readonly who: Who;
  readonly act: "come" | "watch" | "narrow" | "go" | "die" | "sleep";
}

/** What becomes of the tunnel's object. */
export interface Befalling {
  readonly do: "tunnel";
  readonly act: "kill" | "hibernate";
}

/**
 * In one world of five; in every eighth of them nobody listens once the storm is over. It has dice of its own, so that
 * no other choice moves.
 */
export function listeningOf(
  seed: number,
  span: number,
  stormy: boolean,
): { tunnelled: Trait[]; listening: Step[]; rates: { socket?: number } } {
  const dice = new Dice(seed, "tunnelled");
  if (!dice.chance(0.2)) return { tunnelled: [], listening: [], rates: {} };
  const steps: Step[] = [];
  for (let n = dice.pick([2, 3, 5, 8]); n > 0; n -= 1) {
    const type = dice.pick(["push", "push", "star"]);
    const stuff = dice.pick(["json", "binary"] as const);
    const letter = { source: "acme", key: `desk ${n}`, type, stuff, forged: null } as const;
    steps.push({ at: dice.whole(0, span), do: "post", letter, tries: 6 });
  }
  if (dice.chance(0.1)) {
    const letter = { source: "acme", key: "desk large", type: "push", stuff: "large binary", forged: null } as const;
    steps.push({ at: dice.whole(0, span), do: "post", letter, tries: 6 });
  }
  const listen = (at: number, who: Who, act: Listening["act"]) => steps.push({ at, do: "listen", who, act });
  for (let n = dice.whole(1, 3); n > 0; n -= 1) {
    const at = dice.whole(0, span + 20_000);
    const who = dice.pick(["ann", "ann", "bob"] as const);
    listen(at, who, dice.pick(["come", "come", "come", "narrow", "watch"] as const));
    if (dice.chance(0.6))
      listen(at + dice.pick([200, 3_000, 20_000, 90_000]), who, dice.pick(["go", "die", "sleep"] as const));
  }
  if (dice.chance(0.3)) {
    const mood = dice.pick(["500", "500", "hang", "slow", "410", "204"] as const);
    steps.push({ at: dice.whole(0, span), do: "mood", destination: "desk", mood });
    if (dice.chance(0.7)) steps.push({ at: span + dice.whole(0, 60_000), do: "mood", destination: "desk", mood: "ok" });
  }
  const rates = stormy && dice.chance(0.6) ? { socket: dice.pick([0.01, 0.03, 0.1]) } : {};
  if (stormy) {
    for (let n = dice.pick([0, 0, 1, 2]); n > 0; n -= 1)
      steps.push({ at: dice.whole(0, span + 20_000), do: "tunnel", act: dice.pick(["kill", "hibernate"]) });
    if (dice.chance(0.2)) {
      const at = dice.whole(0, span);
      steps.push({ at, do: "operate", operation: { do: "pause", destination: "desk" } });
      steps.push({ at: at + 30_000, do: "operate", operation: { do: "resume", destination: "desk" } });
    }
  }
  return { tunnelled: dice.chance(0.12) ? ["tunnelled", "unheard"] : ["tunnelled"], listening: steps, rates };
}
