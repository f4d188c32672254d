// What does the load look like? GitHub deliveries of 1 KB, each with an id, a body and a signature of its own.
import { createHmac } from "node:crypto";

/** The address that every request claims, and that the sources of the bench allow: the flood guard is not what is measured. */
export const sender = "127.0.0.1";

const bodyBytes = 1024;
const placeholder = "0".repeat(36);
const template = body();

/**
 * The bytes of one HTTP/1.1 request on a kept connection. `serial` makes the event: the same serial twice is a repeat.
 * Both the delivery id and the body carry it, because GitHub's signature covers the body alone.
 */
export function request(path: string, secret: string, serial: number): Buffer {
  const id = `00000000-0000-4000-8000-${serial.toString(16).padStart(12, "0")}`;
  const payload = template.replace(placeholder, id);
  const signature = createHmac("sha256", secret).update(payload).digest("hex");
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${bodyBytes}\r\nCF-Connecting-IP: ${sender}\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: ${id}\r\n` +
      `X-Hub-Signature-256: sha256=${signature}\r\n\r\n${payload}`,
    "latin1",
  );
}

/** A push event cut down to exactly 1 KB of ASCII, with a place for the id. */
function body(): string {
  const event = {
    delivery: placeholder,
    ref: "refs/heads/main",
    repository: { id: 1, url: "/repos/octo", full_name: "octo-org/octo-repo", private: false, default_branch: "main" },
    pusher: { name: "octocat", email: "octocat@example.com" },
    head_commit: { message: "" },
  };
  const short = bodyBytes - JSON.stringify(event).length;
  return JSON.stringify({ ...event, head_commit: { message: "m".repeat(short) } });
}
