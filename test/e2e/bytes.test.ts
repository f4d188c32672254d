// Does a body reach the receiver as it left the provider? Real HTTP on both sides, every size and every kind of byte.
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import * as z from "zod";
import { Relay, relayVars, stateFolder } from "../kit/whole-relay.ts";
import { say, startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** 256 KiB is where bodies stop passing through Intake; 25 MiB is the most that a source may take. */
const SIZES = [0, 1, 200 * KIB, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, MIB, 5 * MIB, 25 * MIB];

const phrase = "no. 1 \u{1F4E6} größer, ";
const phraseBytes = Buffer.byteLength(phrase);
/** Strict UTF-8 of exactly so many bytes. */
const text = (bytes: number) => Buffer.from(phrase.repeat(bytes / phraseBytes) + ".".repeat(bytes % phraseBytes));
const small: Record<string, Buffer> = {
  "a BOM": Buffer.from('\uFEFF{"a":1}'),
  "NUL bytes": Buffer.from('\0{"a":"\0"}\0'),
  "invalid UTF-8": Buffer.from([0x7b, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x7d]),
  "UTF-8 cut in the middle of a character": Buffer.from("größe").subarray(0, 4),
  "line ends of every kind": Buffer.from("\r\n\n\r\u2028\u0085"),
  "every byte": Buffer.from(Array.from({ length: 256 }, (_, n) => n)),
};

const kept = z.object({ encoding: z.enum(["text", "base64"]), body: z.string() });

test("every body arrives byte for byte, and is kept so, whatever its size and its bytes", async () => {
  const receiver = await startReceiver((arrival, response) => say(200, arrival, response));
  const relay = await Relay.start(relayVars({ all: { url: receiver.address("all") } }), await stateFolder());
  const bodies = new Map(Object.entries(small));
  for (const size of SIZES) {
    bodies.set(`${size} bytes of text`, text(size));
    bodies.set(`${size} random bytes`, randomBytes(size));
  }

  for (const [name, body] of bodies) {
    const { status, id } = await relay.post(name.replaceAll(/[^a-zA-Z0-9]/g, "-"), body);
    expect(status, name).toBe(200);
    const arrival = await until(`${name} arrives`, () => receiver.arrivals.find((arrived) => arrived.event === id));
    // Buffers of many megabytes in a failure's diff help nobody.
    expect(arrival.body.equals(body), `${name}: ${arrival.body.length} of ${body.length} bytes`).toBe(true);
    // The first attempt does not wait for D1.
    await relay.carried();
    const event = kept.parse(await relay.api(`/api/events/${id}`));
    expect(
      Buffer.from(event.body, event.encoding === "text" ? "utf8" : "base64").equals(body),
      `${name}, as kept`,
    ).toBe(true);
  }
  expect(receiver.arrivals).toHaveLength(bodies.size);
});
