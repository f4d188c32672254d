// Lines of JSON in files and answers, as bytes: one line is in memory at a time, however many there are.
import { open, type FileHandle } from "node:fs/promises";

const NEWLINE = 0x0a;
/** Bytes that are read at once, going back from the end of a file. */
const STEP = 1 << 16;

/** Each line with its newline; the last one may lack it. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let begun: Buffer[] = [];
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...begun, bytes.subarray(from, at + 1)]);
      begun = [];
      from = at + 1;
    }
    // A copy: whoever gave the piece may use its memory again.
    if (from < bytes.length) begun.push(Buffer.from(bytes.subarray(from)));
  }
  if (begun.length > 0) yield Buffer.concat(begun);
}

/** Whether it is whole. */
export function isWhole(line: Buffer): boolean {
  return line.at(-1) === NEWLINE;
}

/** The cursor of a line of an export, without a look at its body, which comes last; `null` where it has none. */
export function cursorOf(line: Buffer): string | null {
  // A quotation mark inside a value is escaped, so that this is found in no body.
  const at = line.lastIndexOf('"cursor":"');
  return at === -1 ? null : ((/^"cursor":"([\w-]+)"/.exec(line.subarray(at, at + 400).toString()) ?? [])[1] ?? null);
}

/**
 * A file to which an export is written, cut behind its last whole line, and the cursor of that line.
 *
 * @throws where that line is none of an export
 */
export async function reopened(path: string): Promise<{ readonly file: FileHandle; readonly cursor: string | null }> {
  const file = await open(path, "a+");
  const end = await newlineBefore((await file.stat()).size, file);
  await file.truncate(end + 1);
  if (end === -1) return { file, cursor: null };
  const start = await newlineBefore(end, file);
  const last = Buffer.alloc(end - start);
  await file.read(last, 0, last.length, start + 1);
  const cursor = cursorOf(last);
  if (cursor === null) {
    await file.close();
    throw new Error(`the last line of ${path} has no cursor: it is no export of a relay's`);
  }
  return { file, cursor };
}

/** Where the last newline in front of this place is; -1 where there is none. */
async function newlineBefore(place: number, file: FileHandle): Promise<number> {
  const bytes = Buffer.alloc(STEP);
  for (let to = place; to > 0; to = Math.max(0, to - STEP)) {
    const from = Math.max(0, to - STEP);
    await file.read(bytes, 0, to - from, from);
    const at = bytes.subarray(0, to - from).lastIndexOf(NEWLINE);
    if (at !== -1) return from + at;
  }
  return -1;
}

/** Tells how far it is, from the second second on. */
export function openProgress(tell: (line: string) => void, says: () => string): { stop(): void } {
  let seconds = 0;
  const timer = setInterval(() => {
    seconds += 1;
    if (seconds === 1 || seconds % 5 === 0) tell(says());
  }, 1_000);
  return { stop: () => clearInterval(timer) };
}

export function sizeInWords(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
