// An object of the bucket: under which key it stands, and its lines as gzip and back. Touches nothing.
import type { Line } from "../contract/line.ts";
import type { LineHead } from "./line.ts";

/** Where segments stand in the bucket. */
const PREFIX = "events/";
const HOUR_MS = 60 * 60_000;

/** The hour of a moment, in ms: what was received in it stands together. */
export function hourOf(at: number): number {
  return at - (at % HOUR_MS);
}

/** What the keys of an hour, or of all from it on, begin with: `events/2026/11/30/04/`. */
export function folderOf(at: number): string {
  return `${PREFIX}${new Date(at).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/")}/`;
}

/** Behind every key, and before every one. */
export const [FIRST, LAST] = [PREFIX, `${PREFIX}~`];

/**
 * The key of a segment. No two attempts to write have the same one: what an ambiguous failure may have left there takes
 * nobody's place.
 *
 * @param rows the numbers of its first and last event in the history
 */
export function keyOf(at: number, rows: readonly number[], random: string): string {
  const [first = 0, last = 0] = [rows[0], rows.at(-1)];
  return `${folderOf(at)}${String(first).padStart(12, "0")}-${String(last).padStart(12, "0")}-${random.slice(0, 8)}.ndjson.gz`;
}

/** The key of a segment that takes this one's place: it sorts beside it. */
export function nextKey(key: string, random: string): string {
  return key.replace(/(-\d{12}-[0-9a-f]{8})(?:-[0-9a-f]{8})?\.ndjson\.gz$/, `$1-${random.slice(0, 8)}.ndjson.gz`);
}

/** A line that is to be written. */
export interface Written {
  readonly head: LineHead & { readonly cursor?: string };
  readonly body: AsyncIterable<string>;
}

/** Lines as text; a body is written while it is read. */
async function* textOf(lines: AsyncIterable<Written>): AsyncGenerator<string, void> {
  for await (const { head, body } of lines) {
    yield `${JSON.stringify(head).slice(0, -1)},"body":"`;
    for await (const piece of body) yield JSON.stringify(piece).slice(1, -1);
    yield '"}\n';
  }
}

/** The same as a stream of bytes: no more is read than is taken. */
export function streamOf(lines: AsyncIterable<Written>): ReadableStream<Uint8Array> {
  const pieces = textOf(lines);
  const source = new ReadableStream<string>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return();
    },
  });
  return source.pipeThrough(new TextEncoderStream());
}

/** Lines as they are kept. */
export async function zip(lines: AsyncIterable<Written>): Promise<Uint8Array> {
  const zipped = streamOf(lines).pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

/** The lines of an object, each as its text. */
export async function unzip(bytes: ArrayBuffer): Promise<string[]> {
  const whole = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(new Uint8Array(bytes));
      controller.close();
    },
  });
  const stream = whole.pipeThrough(new DecompressionStream("gzip"));
  const lines = (await new Response(stream).text()).split("\n");
  return lines.slice(0, -1);
}

/** What a line says. */
export function readLine(text: string): Line {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `zip` has written it
  return JSON.parse(text) as Line;
}
