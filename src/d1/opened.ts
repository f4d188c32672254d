// What is kept sealed, opened for whoever looks at it.
import { encodePiece } from "../bytes/body.ts";
import { isSealed, Locked, PLACES, type Vault } from "../bytes/vault.ts";
import type { Encoding } from "../types.ts";
import type { WholeEventRow } from "./rows.ts";

/** The condition that an event is kept sealed: headers are JSON otherwise. `e` is the table's name. */
export const isSealedSql = (e: string) => `substr(${e}.headers, 1, 1) <> '{'`;

/**
 * The event with everything that it is kept with, but for its body.
 *
 * @throws Locked where its key is not here
 */
export async function openEvent(row: WholeEventRow, vault: Vault): Promise<WholeEventRow> {
  if (!isSealed(row.headers)) return row;
  const { id, object = null, undecided } = row;
  const [headers, fetched, reasons] = await Promise.all([
    vault.openText(row.headers, PLACES.headers(id)),
    object === null ? null : vault.openText(object, PLACES.object(id)),
    undecided === null ? null : openUndecided(id, undecided, vault),
  ]);
  return { ...row, headers, object: fetched, undecided: reasons, sealed: true };
}

async function openUndecided(event: string, text: string, vault: Vault): Promise<string> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge wrote it, or the routing of today
  const sealed = JSON.parse(text) as { route: string; error: string }[];
  const opened = sealed.map(async ({ route, error }) => ({
    route,
    error: isSealed(error) ? await vault.openText(error, PLACES.undecided(event, route)) : error,
  }));
  return JSON.stringify(await Promise.all(opened));
}

/** A piece of a body as it would be kept in the open. */
export async function openPiece(sealed: string, place: string, encoding: Encoding, vault: Vault): Promise<string> {
  return encodePiece(encoding, await vault.open(sealed, place));
}

/** Rows with what was answered. An answer that cannot be opened says so, and the row is shown all the same. */
export async function openAnswers<Row extends { readonly excerpt: string | null }>(
  rows: readonly Row[],
  placeOf: (row: Row) => { readonly event: string; readonly destination: string },
  vault: Vault,
): Promise<Row[]> {
  return await Promise.all(
    rows.map(async (row) => {
      const { excerpt } = row;
      // A receiver may answer with what looks like a sealed value: it opens nowhere, and is shown as it is.
      if (excerpt === null || !isSealed(excerpt)) return row;
      const { event, destination } = placeOf(row);
      return { ...row, excerpt: await orWhy(vault.openText(excerpt, PLACES.answer(event, destination))) };
    }),
  );
}

async function orWhy(opening: Promise<string>): Promise<string> {
  return await opening.catch(whyNot);
}

/** Why a value stays closed, for whoever looks at it. */
export function whyNot(error: unknown): string {
  if (error instanceof Locked) return `(${error.message})`;
  throw error;
}
