// An event as a command for a shell, to send it again by hand. The signature is left for whoever has the secret. Pure.
import type { EventStory } from "../../contract/history.ts";
import { visible } from "./words.ts";

/**
 * Largest body that stands in the command itself, in bytes; a larger one is read from the file that the download gives.
 */
const INLINE_BYTES = 8 * 1024;

/**
 * @param url where the sender posted to
 * @param signatures names of the headers that carry the sender's signature, which are not kept
 * @param body the whole of it as text, or `null` where it is large or binary
 */
export function curl(
  url: string,
  { headers, id }: Pick<EventStory, "headers" | "id">,
  signatures: readonly string[],
  body: string | null,
): string {
  const inline = body !== null && body.length <= INLINE_BYTES && !body.startsWith("@") && isPlain(body);
  const lines = [
    `curl ${quote(url)}`,
    ...Object.entries(headers)
      .filter(([, value]) => isPlain(value))
      .map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...signatures.map((name) => `-H ${quote(`${name}: <signature>`)}`),
    `--data-binary ${inline ? quote(body) : quote(`@${id}.body`)}`,
  ];
  return lines.join(" \\\n  ");
}

/** Whether what is shown is what is copied, and a terminal into which it is pasted obeys none of it. */
function isPlain(text: string): boolean {
  return visible(text) === text && !text.includes("\r");
}

/** For a POSIX shell, in which nothing between single quotes means anything but they themselves. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
