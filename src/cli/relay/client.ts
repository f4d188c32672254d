// Speaks to a running relay through hono's typed client. HOOKLINE_URL says where it is, HOOKLINE_KEY opens it.
import { type ClientResponse, hc } from "hono/client";
import type { StatusCode } from "hono/utils/http-status";
import type { Api } from "../../api/api.ts";
import { type Asked, Misused, refused, type RemoteVerb, type Terminal } from "../verb.ts";
import { messageOf, patiently } from "../waiting.ts";
import { inCommands } from "./operations.ts";
import { encoded } from "./path.ts";

/** The API, as TypeScript knows it from the Worker's own routes. */
export type Client = ReturnType<typeof hc<Api>>;

/** What stops a command: a sentence that says what to do next. */
export class Fault extends Error {}

const UNSET = [
  "HOOKLINE_URL and HOOKLINE_KEY say which relay to ask and with which key:",
  "  export HOOKLINE_URL=https://hookline.example.workers.dev",
  "  export HOOKLINE_KEY=hlk_…    (an API key; ADMIN_TOKEN opens the relay too, and makes keys)",
].join("\n");

/** What a command does once it can ask. It answers with the exit code. */
type Work = (client: Client, asked: Asked, terminal: Terminal) => Promise<number>;

/** A verb that asks a running relay. Whatever is refused is told in the relay's words, with 1 as the exit code. */
export function remote(verb: Omit<RemoteVerb, "run">, work: Work): RemoteVerb {
  return {
    ...verb,
    async run(asked, terminal) {
      const heardOf = { answers: 0 };
      try {
        return await work(connect(asked, terminal, heardOf), asked, terminal);
      } catch (error) {
        if (error instanceof Fault) return refused(error.message, asked, terminal);
        if (error instanceof Misused || heardOf.answers === 0 || process.env["HOOKLINE_DEBUG"] === "1") throw error;
        // It has answered, and not as this build knows it.
        return refused(
          "the relay's answer was not understood: is HOOKLINE_URL the address of a Hookline relay, and of the version of this clone? HOOKLINE_DEBUG=1 says more",
          asked,
          terminal,
        );
      }
    },
  };
}

/** Which relay, and with which key. @param other a URL in the place of HOOKLINE_URL */
export function address(other?: unknown): { readonly url: URL; readonly key: string } {
  const { HOOKLINE_URL: set = "", HOOKLINE_KEY: key = "" } = process.env;
  const written = typeof other === "string" ? other : set;
  if (written === "" || key === "") throw new Fault(UNSET);
  const name = written === set ? "HOOKLINE_URL" : "--relay";
  if (!URL.canParse(written)) throw new Fault(`${name} is no URL: ${JSON.stringify(written)}\n${UNSET}`);
  const url = new URL(written);
  if (!["http:", "https:"].includes(url.protocol))
    throw new Fault(`${name} must begin with https:// (or http://): ${JSON.stringify(written)}`);
  if (url.username !== "" || url.password !== "")
    throw new Fault(`${name} contains a name or a password: leave them out, and use HOOKLINE_KEY`);
  // A header takes no other, and a key has no other.
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new Fault("HOOKLINE_KEY contains an invalid character: copy it again, without line breaks and spaces");
  return { url, key };
}

/** @param heardOf counts what was answered */
export function connect({ options }: Asked, terminal: Terminal, heardOf = { answers: 0 }): Client {
  const once = options["once"];
  const named = typeof once === "string" ? { "idempotency-key": once } : {};
  const asking: typeof fetch = async (input, init) => {
    // Only now: a command line that cannot be meant is told without a relay.
    const { url, key } = address(options["relay"]);
    const headers = { ...Object.fromEntries(new Headers(init?.headers)), authorization: `Bearer ${key}`, ...named };
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const answer = await patiently(url, terminal, fetch(new URL(`${pathname}${search}`, url), { ...init, headers }));
    heardOf.answers += 1;
    return answer;
  };
  return encoded(hc<Api>("http://relay.invalid/api", { fetch: asking }));
}

/** What the relay answers, or a fault in its own words. */
export async function answered<T>(asking: Promise<ClientResponse<T, StatusCode, "json">>): Promise<T> {
  const response = await heard(asking);
  const answer = await response.json();
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) throw new Error("no answer of a relay");
  return answer;
}

/** A response that is no refusal. */
export async function heard<Answer extends ClientResponse<unknown>>(asking: Promise<Answer>): Promise<Answer> {
  const response = await asking.catch((error: unknown) => {
    if (error instanceof Fault || error instanceof Misused) throw error;
    throw unreachable(error);
  });
  if (response.ok) return response;
  if (response.status === 401) {
    throw new Fault(
      "the relay refuses this HOOKLINE_KEY: it may have expired or been revoked. Make one with: HOOKLINE_KEY=$ADMIN_TOKEN hookline keys create NAME",
    );
  }
  if (response.status === 414 || response.status === 431)
    throw new Fault("the arguments are too long for a request: shorten them");
  const said = await response.text();
  throw new Fault(
    detailOf(said) ?? `the relay answered ${response.status}: is HOOKLINE_URL the address of a Hookline relay?`,
  );
}

/** Why nobody answers, without the lines of a TLS library. */
export function unreachable(error: unknown): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = messageOf(cause).trim().split("\n")[0]?.slice(0, 200) ?? "";
  return new Fault(`the relay cannot be reached (${why}): is HOOKLINE_URL right, and is it running?`);
}

function detailOf(text: string): string | null {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem !== "object" || problem === null) return null;
    if ("detail" in problem && typeof problem.detail === "string") return inCommands(problem.detail);
    return "title" in problem && typeof problem.title === "string" ? `the relay says: ${problem.title}` : null;
  } catch {
    return null;
  }
}

/** The options that were given, as query parameters. */
export function given<Name extends string>({ options }: Asked, ...names: Name[]): Partial<Record<Name, string>> {
  const parameters: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = options[name];
    if (typeof value === "string") parameters[name] = value;
  }
  return parameters;
}
