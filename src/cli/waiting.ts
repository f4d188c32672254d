// A word where something takes longer than a second, and what an error says of itself.
import type { Terminal } from "./verb.ts";

/** After this long without an answer it is told that one is waited for, in ms. */
const SILENT_MS = 1_000;

/** What is answered, and a word where that takes long. */
export async function patiently<T>({ host }: URL, { progress }: Terminal, asking: Promise<T>): Promise<T> {
  const timer = setTimeout(() => progress?.(`waiting for ${host} to answer`), SILENT_MS);
  try {
    return await asking;
  } finally {
    clearTimeout(timer);
  }
}

/** What an error says, without the name of its class. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
