// What the security tests over HTTP share: a relay with a source of each kind, and a hand that writes requests byte by byte.
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import type { Json } from "../../src/cli/local/local.ts";
import { relayVars } from "./whole-relay.ts";

/** Secrets of the sources, by the name under which the relay knows them. */
export const KEYS = {
  ACME_SECRET: "the secret that acme signs with",
  SMALL_SECRET: "the secret of the small source",
  JSON_SECRET: "the secret of the source that reads JSON",
  FENCED_SECRET: "the secret of the fenced source",
  LIMITED_SECRET: "the secret of the limited source",
  GITHUB_SECRET: "the secret that github signs with",
};

const LOCAL = ["127.0.0.1/32"];

/**
 * A relay with these destinations, each of which gets everything.
 * Sources: `acme` (25 MiB), `small` (64 KiB), `json` (type and id from the body), `fenced`, `limited` (100 a day), `github`, `secretless`.
 */
export function kitVars(
  destinations: Record<string, { url: string; retry?: string[] }>,
  more: { sources?: Record<string, Json>; destinations?: Record<string, Json> } = {},
): Record<string, Json> {
  const headers = { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" };
  const { sources = {}, destinations: others = {} } = more;
  return {
    ...relayVars(destinations),
    DESTINATIONS: { ...destinations, ...others },
    SOURCES: {
      ...sources,
      acme: { provider: "hmac", settings: headers, max_body: "25MiB", allow: LOCAL },
      small: { provider: "hmac", settings: headers, max_body: "64KiB", allow: LOCAL },
      json: {
        provider: "hmac",
        settings: { header: "X-Signature", id: "{json:id}", type: "{json:type}" },
        allow: LOCAL,
      },
      fenced: { provider: "hmac", settings: headers, allow: ["192.0.2.0/24", "2001:db8::/32"] },
      limited: { provider: "hmac", settings: headers, rate: "100/day", allow: LOCAL },
      github: { provider: "github", allow: LOCAL },
      secretless: { provider: "github", allow: LOCAL },
    },
    ROUTES: {
      all: {
        from: ["acme", "small", "json", "fenced", "limited", "github", ...Object.keys(sources)],
        to: [...Object.keys(destinations), ...Object.keys(others)],
      },
    },
    ...KEYS,
  };
}

export function code(secret: string, body: string | Uint8Array): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

const SIGNING = {
  acme: KEYS.ACME_SECRET,
  small: KEYS.SMALL_SECRET,
  json: KEYS.JSON_SECRET,
  fenced: KEYS.FENCED_SECRET,
  limited: KEYS.LIMITED_SECRET,
};

/** Headers of a request of one of the `hmac` sources. */
export function proof(source: keyof typeof SIGNING, body: string | Uint8Array): Record<string, string> {
  return { "x-signature": code(SIGNING[source], body), "cf-connecting-ip": "127.0.0.1" };
}

export interface Answered {
  /** `null` where the connection ended without an answer. */
  readonly status: number | null;
  readonly text: string;
}

/**
 * Writes a request as it stands, and reads until the first answer is whole or the connection ends.
 *
 * @param pieces bytes (text stands for its Latin-1 bytes), written one after another
 */
export async function raw(url: string, pieces: Iterable<string | Uint8Array>, patienceMs = 60_000): Promise<Answered> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  const ended = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, patienceMs);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.on("error", end);
    socket.on("close", end);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (whole(text)) end();
    });
  });
  for (const piece of pieces) {
    if (socket.destroyed || whole(text)) break;
    const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
    // The other side may be gone, or may have answered without reading on.
    if (!socket.write(bytes)) await Promise.race([ended, new Promise((resolve) => socket.once("drain", resolve))]);
  }
  await ended;
  socket.destroy();
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  return { status: status === undefined ? null : Number(status), text };
}

function whole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= end + 4 + Number(length);
}

/** The head of a request, line by line; a header that is `null` is left out. */
export function head(path: string, headers: Record<string, string | null>): string {
  const lines = Object.entries({ host: "relay", "cf-connecting-ip": "127.0.0.1", ...headers }).flatMap(
    ([name, value]) => (value === null ? [] : [`${name}: ${value}\r\n`]),
  );
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
