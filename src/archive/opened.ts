// A line whose event is kept sealed, opened for whoever looks at it. In its segment it stays as it was in D1: sealed.
import { encodePiece } from "../bytes/body.ts";
import { isSealed, Locked, PLACES, type Vault } from "../bytes/vault.ts";
import type { Line } from "../contract/line.ts";

/** Stands between the pieces of a sealed body; no sealed value has it. */
export const BETWEEN = " ";

/** @throws Locked where its key is not here */
export async function openLine(line: Line, vault: Vault): Promise<Line> {
  const { id, sealed, encoding, undecided } = line;
  const deliveries = await Promise.all(
    line.deliveries.map(async (one) => {
      const open = async (text: string | null) => await answerOf(text, PLACES.answer(id, one.destination), vault);
      const attempts = await Promise.all(
        one.attempts.map(async (attempt) => Object.assign({}, attempt, { answer: await open(attempt.answer) })),
      );
      return { ...one, answer: await open(one.answer), attempts };
    }),
  );
  if (sealed === undefined) return { ...line, deliveries };
  const placeOf = (n: number) => (sealed.parts === 0 ? PLACES.body(id) : PLACES.part(id, n));
  const pieces = await Promise.all(
    (line.gone === undefined ? line.body.split(BETWEEN) : []).map(async (piece, n) =>
      encodePiece(encoding, await vault.open(piece, placeOf(n))),
    ),
  );
  const headers = await vault.openText(sealed.headers, PLACES.headers(id));
  const object = sealed.object === null ? null : await vault.openText(sealed.object, PLACES.object(id));
  return {
    ...line,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge sealed it, from a Record<string, string>
    headers: JSON.parse(headers) as Line["headers"],
    object: objectOf(object),
    undecided: await Promise.all(
      undecided.map(async ({ route, error }) => ({
        route,
        error: isSealed(error) ? await vault.openText(error, PLACES.undecided(id, route)) : error,
      })),
    ),
    deliveries,
    body: pieces.join(""),
  };
}

/** As D1 keeps it: JSON. */
export function objectOf(kept: string | null): Line["object"] {
  if (kept === null) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay has written it
  const { at, path, text } = JSON.parse(kept) as { at: number; path: string; text: string };
  return { fetched_at: new Date(at).toISOString(), path, body: text };
}

/** An answer that cannot be opened says so. */
async function answerOf(text: string | null, place: string, vault: Vault): Promise<string | null> {
  if (text === null || !isSealed(text)) return text;
  try {
    return await vault.openText(text, place);
  } catch (error) {
    if (error instanceof Locked) return `(${error.message})`;
    throw error;
  }
}
