// Somebody has captured a request of an honest sender's, and sends it again and again.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import type { Letter } from "./senders.ts";

/** Before the sender's next one, or once its delivery is exhausted. */
export function capturedOf(seed: number, span: number): Step[] {
  const dice = new Dice(seed, "captured");
  if (!dice.chance(0.15)) return [];
  const at = dice.whole(0, span);
  const captured = plain(dice.pick(["limited", "acme"] as const), "captured");
  const post = (after: number, what: Letter): Step => ({ at: at + after, do: "post", letter: what, tries: 3 });
  if (captured.source === "limited")
    return [...[0, 1, 2, 3, 4, 5, 6].map((n) => post(n * 500, captured)), post(4_000, plain("limited", "next"))];
  // The last attempt of any but the long schedule is over by then.
  const mood: Step = { at: Math.max(0, at - 1), do: "mood", destination: "alpha", mood: "500" };
  return [mood, post(0, captured), post(dice.pick([20_000, 250_000]), captured), post(300_000, captured)];
}

function plain(source: Letter["source"], key: string): Letter {
  return { source, key, type: "push", stuff: "json", forged: null };
}
