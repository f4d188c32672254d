// In some worlds large bodies are objects of a bucket, which fails, hangs and answers late, and more of acme's are large.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import type { Platform } from "./platform.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trait } from "./traits.ts";
import { askingBucket } from "./vault.ts";

/** In one world of eight. It has dice of its own, so that no other choice moves. */
export function bodiedOf(seed: number, span: number): { traits: Trait[]; sayings: Step[] } {
  const dice = new Dice(seed, "bodied");
  if (!dice.chance(0.12)) return { traits: [], sayings: [] };
  const sayings: Step[] = [];
  for (let n = dice.whole(2, 4); n > 0; n -= 1) {
    const stuff = dice.pick(["large text", "large binary"] as const);
    const letter = { source: "acme", key: `bodied ${n}`, type: "push", stuff, forged: null } as const;
    const at = dice.whole(0, span);
    sayings.push({ at, do: "post", letter, tries: 6 });
    // While it is written, or soon after.
    if (dice.chance(0.4)) sayings.push({ at: at + dice.whole(0, 400), do: "kill", who: dice.pick([0, 1] as const) });
  }
  return { traits: ["bodied"], sayings };
}

/** The bucket of large bodies. */
export class Bodies {
  readonly objects = new Map<string, string>();
  isBound = false;

  /** Nothing where none is bound. */
  binding(scheduler: Scheduler): object | undefined {
    if (!this.isBound) return undefined;
    const ask = askingBucket("bodies", scheduler);
    return {
      put: async (key: string, value: string) =>
        await ask("put", () => void (this.objects.has(key) ? null : this.objects.set(key, value))),
      get: async (key: string) =>
        await ask("get", () => {
          const text = this.objects.get(key);
          return text === undefined ? null : { arrayBuffer: async () => new TextEncoder().encode(text).buffer };
        }),
      delete: async (keys: readonly string[]) =>
        await ask("delete", () => {
          for (const key of keys) this.objects.delete(key);
        }),
    };
  }
}

/** A row of `event_parts`. */
interface Row {
  readonly receipt: string;
  readonly n: number;
  readonly data: string;
}

export const keyOf = ({ receipt, n }: Pick<Row, "receipt" | "n">) => `bodies/${receipt}/${n}`;

/** What a row stands for, wherever that is; nothing where an object is missing. */
export function pieceOf(row: Row, { bodies }: Pick<Platform, "bodies">): string | undefined {
  return row.data === "" ? bodies.objects.get(keyOf(row)) : row.data;
}
