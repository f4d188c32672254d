// A relay whose history is exported, and one into which it is imported: one database, emptied in between.
import { NEXT } from "../../../src/contract/export.ts";
import type { Line } from "../../../src/contract/line.ts";
import { TOKEN } from "./front.ts";
import type { relayWith } from "./archived.ts";
import { rows } from "./relay.ts";

type Relay = Pick<ReturnType<typeof relayWith>, "ask">;
export type ExportedLine = Line & { readonly cursor: string };

/** Everything that an export gives, page by page. */
export async function exported(relay: Relay, query = ""): Promise<ExportedLine[]> {
  const lines: ExportedLine[] = [];
  for (let next: string | null = ""; next !== null;) {
    const cursor: string = next === "" ? "" : `&cursor=${next}`;
    const answer = await relay.ask(`/api/export?${query}${cursor}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    if (!answer.ok) throw new Error(await answer.text());
    lines.push(...(await answer.text()).split("\n").slice(0, -1).map(read));
    next = answer.headers.get(NEXT);
  }
  return lines;
}

export const order = async (relay: Relay, path: string, body: object): Promise<Response> =>
  await relay.ask(`/api${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  });

/** What the order comes to, or the refusal as it stands. */
export const imported = async (relay: Relay, lines: readonly unknown[], more: object = {}): Promise<unknown> =>
  await (await order(relay, "/import", { lines, ...more })).json();

/** As a relay that has never had an event. */
export async function emptied(): Promise<void> {
  for (const table of ["attempts", "deliveries", "events", "event_parts", "marks", "segments"])
    await rows(`DELETE FROM ${table}`);
}

function read(text: string): ExportedLine {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the relay writes is looked at by the test
  return JSON.parse(text) as ExportedLine;
}
