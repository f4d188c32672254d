// The limits of the plan as the rules look at them. Pure.
import type { Use } from "../contract/use.ts";
import type { Limit } from "./seen.ts";

export function limitsIn({ meters, database, reached }: Use): Limit[] {
  const says = new Map<string, string>(reached.map((one) => [one.name, one.says]));
  return meters.map(({ name, used, limit, reached: isReached }) => ({
    meter: name,
    used,
    limit,
    reached: isReached,
    fullOn: name === "d1_bytes" ? (database?.full_on ?? null) : null,
    says: says.get(name) ?? null,
  }));
}
