// What a command tries something on: an event of the relay, or a body of a file or of standard input.
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { refused, type Terminal } from "../verb.ts";
import { messageOf } from "../waiting.ts";

/** How the id of an event looks. */
export const EVENT = /^evt_[0-9a-f]+$/;

/** The body as text, or `null` where it cannot be read, which was said. */
export async function readBody(wanted: string, json: boolean, { out, err }: Terminal): Promise<string | null> {
  try {
    const body = await (wanted === "-" ? buffer(process.stdin) : readFile(wanted));
    return body.toString("utf8");
  } catch (error) {
    const why = `the body cannot be read: ${messageOf(error)}`;
    refused(why, { json }, { out, err });
    return null;
  }
}
