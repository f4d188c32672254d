// A sender by the Standard Webhooks specification that can be made to misbehave; it shares no code with the relay.
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import type { Change } from "./scenarios.ts";

const KEY = Buffer.alloc(32, 7);
const OTHER_KEY = Buffer.alloc(32, 8);
export const SECRET = `whsec_${KEY.toString("base64")}`;

/** Credentials that a sender's request may carry beside its signature. */
export const CREDENTIALS = {
  authorization: "Bearer CANARY-bearer-8d1f",
  cookie: "session=CANARY-cookie-77aa",
  "x-api-key": "CANARY-api-key-52c0",
};

export interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The request for an event, after what becomes of it on its way. */
export function request(event: string, change?: Change): Request {
  const json = JSON.stringify({ type: `conformance.${event}`, data: { event, fill: "x".repeat(2000) } });
  const body = change === "no JSON, and another content type" ? `${json.slice(0, -3)}\u0001<not json>` : json;
  const time = Math.floor(Date.now() / 1000) - (change === "signed ten minutes ago" ? 600 : 0);
  const id = `msg_${event}`;
  const key = change === "signed with another key" ? OTHER_KEY : KEY;
  const code = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  const headers: Record<string, string> = {
    ...CREDENTIALS,
    "content-type": change === "no JSON, and another content type" ? "application/xml" : "application/json",
    "cf-connecting-ip": "127.0.0.1",
    "webhook-id": id,
    "webhook-timestamp": String(time),
    "webhook-signature": change === "malformed signature" ? "v1,???" : `v1,${code}`,
  };
  if (change === "no signature") delete headers["webhook-signature"];
  return { headers, body: change === "body altered after signing" ? body.replace("xxx", "xyx") : body };
}

/** Writes a request by hand and hangs up, after the whole of it or in the middle of its body. */
export async function abandon(
  url: string,
  { headers, body }: Request,
  after: "the request" | "half of the body",
): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const head = Object.entries({ host: hostname, ...headers, "content-length": String(Buffer.byteLength(body)) })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  const sent = after === "the request" ? body : body.slice(0, body.length / 2);
  const socket = connect(Number(port), hostname);
  // A relay that is killed meanwhile ends the connection from its side.
  socket.on("error", () => {});
  await new Promise<void>((resolve) => {
    socket.write(`POST ${pathname} HTTP/1.1\r\n${head}\r\n${sent}`, () => resolve());
  });
  socket.destroy();
}
