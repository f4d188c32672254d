// The body of a request, smaller on its way: gzip where a destination asks for it. Touches nothing.

interface Whole {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/**
 * The request with its body compressed, where that is larger than the limit and its sender has not compressed it
 * already. What signs it has signed the body before: a receiver's framework undoes the encoding first (RFC 9110, 8.4),
 * and hands on what was signed.
 *
 * @param above bytes; `null` compresses nothing
 */
export async function compressed(request: Whole, above: number | null): Promise<Whole> {
  const { headers, body } = request;
  if (above === null || body.byteLength <= above || headers["content-encoding"] !== undefined) return request;
  return {
    headers: { ...headers, "content-encoding": "gzip" },
    body: await through(body, new CompressionStream("gzip")),
  };
}

/** What was compressed so, as it was. */
export async function restored(body: Uint8Array): Promise<Uint8Array> {
  return await through(body, new DecompressionStream("gzip"));
}

async function through(body: Uint8Array, stream: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const source = new Blob([body]).stream();
  return new Uint8Array(await new Response(source.pipeThrough(stream)).arrayBuffer());
}
