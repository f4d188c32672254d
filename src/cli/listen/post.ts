// A delivery posted to this machine, and what the local server says.
import { request } from "node:http";

/** What is told of an answer's body, in bytes: the history keeps less. */
const MOST_BYTES = 64 * 1024;
/** Of the answer's headers, what a relay reads. */
const TOLD = ["retry-after", "webhook-delivery", "cf-mitigated"];

/** A delivery as it is posted. */
export interface Local {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Said {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Never rejects: a server that is not there answers 502, with a word that says so. */
export async function postLocally(
  port: number,
  { method, path, headers, body }: Local,
  end: AbortSignal,
): Promise<Said> {
  return await new Promise((resolve) => {
    const asking = request(
      {
        host: "localhost",
        port,
        method,
        path,
        headers: { ...headers, "content-length": String(body.length) },
        signal: end,
      },
      (answer) => {
        const pieces: Buffer[] = [];
        const told = TOLD.flatMap((name) => {
          const value = answer.headers[name];
          return typeof value === "string" ? [[name, value]] : [];
        });
        const finish = () => {
          const whole = Buffer.concat(pieces).subarray(0, MOST_BYTES);
          resolve({ status: answer.statusCode ?? 502, headers: Object.fromEntries(told), body: whole });
        };
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("close", finish);
      },
    );
    asking.on("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ECONNREFUSED" ? "connection refused" : (error.code ?? error.message);
      const says = `nothing answers at localhost:${port} (${why})`;
      resolve({ status: 502, headers: {}, body: Buffer.from(says) });
    });
    asking.end(body);
  });
}
