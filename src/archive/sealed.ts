// A line whose event is to be kept sealed: the way back from opened.ts.
import { decodeBody } from "../bytes/body.ts";
import { PLACES, type Vault } from "../bytes/vault.ts";
import type { Line, LineDelivery } from "../contract/line.ts";
import { keptObject } from "./line.ts";

/**
 * The event as it is kept under this relay's own key.
 *
 * @param parts in how many pieces its body is kept already, sealed; 0 where it stands in the line
 * @throws where there is no key
 */
export async function sealLine(line: Line, parts: number, vault: Vault): Promise<Line> {
  const { id, headers, object, undecided, encoding, body, deliveries } = line;
  const kept = keptObject(object);
  return {
    ...line,
    headers: {},
    object: null,
    sealed: {
      headers: await vault.seal(JSON.stringify(headers), PLACES.headers(id)),
      object: kept === null ? null : await vault.seal(kept, PLACES.object(id)),
      parts,
    },
    undecided: await Promise.all(
      undecided.map(async ({ route, error }) => ({
        route,
        error: await vault.seal(error, PLACES.undecided(id, route)),
      })),
    ),
    deliveries: await Promise.all(deliveries.map(async (one) => await sealAnswers(id, one, vault))),
    body: parts > 0 || line.gone !== undefined ? "" : await vault.seal(decodeBody(encoding, body), PLACES.body(id)),
  };
}

async function sealAnswers(id: string, one: LineDelivery, vault: Vault): Promise<LineDelivery> {
  const seal = async (text: string | null) =>
    text === null ? null : await vault.seal(text, PLACES.answer(id, one.destination));
  const attempts = one.attempts.map(async (attempt) =>
    Object.assign({}, attempt, { answer: await seal(attempt.answer) }),
  );
  return { ...one, answer: await seal(one.answer), attempts: await Promise.all(attempts) };
}
