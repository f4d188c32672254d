// A stored body on its way out, piece by piece: 25 MiB are never in memory as a whole. Pure.
import { decodeBody } from "../bytes/body.ts";
import type { Encoding } from "../types.ts";

/** An object as JSON whose last member, `body`, is written while it is read. */
export function jsonWithBody(object: object, body: AsyncIterable<string>): ReadableStream<Uint8Array> {
  async function* text(): AsyncGenerator<string, void> {
    yield `${JSON.stringify(object).slice(0, -1)},"body":"`;
    for await (const piece of body) yield JSON.stringify(piece).slice(1, -1);
    yield '"}';
  }
  return streamOf(text()).pipeThrough(new TextEncoderStream());
}

/** The bytes as they came in. Each piece decodes on its own. */
export function bytesOf(encoding: Encoding, body: AsyncIterable<string>): ReadableStream<Uint8Array> {
  async function* bytes(): AsyncGenerator<Uint8Array, void> {
    for await (const piece of body) yield decodeBody(encoding, piece);
  }
  return streamOf(bytes());
}

/** The same with its first piece read: what keeps it closed is an answer then, and not the end of one. */
export async function begun(body: AsyncIterable<string>): Promise<AsyncIterable<string>> {
  const pieces = body[Symbol.asyncIterator]();
  const first = await pieces.next();
  return (async function* whole() {
    if (first.done !== true) yield first.value;
    yield* { [Symbol.asyncIterator]: () => pieces };
  })();
}

function streamOf<T>(pieces: AsyncGenerator<T, void>): ReadableStream<T> {
  return new ReadableStream<T>({
    async pull(controller) {
      const piece = await pieces.next();
      if (piece.done === true) controller.close();
      else controller.enqueue(piece.value);
    },
  });
}
