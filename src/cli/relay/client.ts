// Speaks to a running relay through hono's typed client. HOOKLINE_URL says where it is, HOOKLINE_KEY opens it.
import { type ClientResponse, hc } from "hono/client";
import type { StatusCode } from "hono/utils/http-status";
import type { Api } from "../../api/api.ts";
import { type Asked, refused, type RemoteVerb, type Terminal } from "../verb.ts";

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
      try {
        return await work(connect(asked), asked, terminal);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return refused(error.message, asked, terminal);
      }
    },
  };
}

/** Which relay, and with which key. @param other a URL in the place of HOOKLINE_URL */
export function address(other?: unknown): { readonly url: URL; readonly key: string } {
  const { HOOKLINE_URL: set = "", HOOKLINE_KEY: key = "" } = process.env;
  const url = typeof other === "string" ? other : set;
  if (url === "" || key === "") throw new Fault(UNSET);
  if (!URL.canParse(url))
    throw new Fault(`${url === set ? "HOOKLINE_URL" : "--relay"} is no URL: ${JSON.stringify(url)}\n${UNSET}`);
  return { url: new URL(url), key };
}

/** @throws Fault where the environment does not say which relay */
export function connect({ options }: Asked): Client {
  const { url, key } = address(options["relay"]);
  const once = options["once"];
  const headers = { authorization: `Bearer ${key}`, ...(typeof once === "string" ? { "idempotency-key": once } : {}) };
  return hc<Api>(new URL("/api", url).href, { headers });
}

/** What the relay answers, or a fault in its own words. */
export async function answered<T>(asking: Promise<ClientResponse<T, StatusCode, "json">>): Promise<T> {
  const response = await heard(asking);
  return await response.json();
}

/** A response that is no refusal. */
export async function heard<Answer extends ClientResponse<unknown>>(asking: Promise<Answer>): Promise<Answer> {
  const response = await asking.catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Fault(`the relay cannot be reached (${cause}): is HOOKLINE_URL right, and is it running?`);
  });
  if (response.ok) return response;
  if (response.status === 401) {
    throw new Fault(
      "the relay does not take this HOOKLINE_KEY: it may have expired or been revoked. Make one with: HOOKLINE_KEY=$ADMIN_TOKEN hookline keys create NAME",
    );
  }
  const said = await response.text();
  throw new Fault(
    detailOf(said) ?? `the relay answered ${response.status}: is HOOKLINE_URL the address of a Hookline relay?`,
  );
}

function detailOf(text: string): string | null {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem !== "object" || problem === null) return null;
    if ("detail" in problem && typeof problem.detail === "string") return problem.detail;
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
