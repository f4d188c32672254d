// An assistant at /mcp of the operator's relay: JSON-RPC by hand, for what no well-behaved client would send.
import { Hono } from "hono";
import { openOperator, type OperatorDeps } from "../../../src/operate/open.ts";
import { mcp } from "../../../src/mcp/mcp.ts";
import { type Operator, TOKEN } from "./operator.ts";

/** The protocol's newest revision, which has no handshake. */
export const VERSION = "2026-07-28";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly id?: unknown;
    readonly result?: Record<string, unknown>;
    readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
  };
}

/** Texts of a tool's answer: the relay's own as JSON, and what stands apart from it. */
export interface Told {
  readonly error: boolean;
  readonly text: string;
  readonly facts: Record<string, unknown>;
  readonly apart: string;
}

export class Assistant {
  readonly #operator: Operator;
  readonly #secret: string;

  constructor(operator: Operator, secret: string = TOKEN) {
    this.#operator = operator;
    this.#secret = secret;
  }

  /** @param headers `null` leaves one out that is sent otherwise */
  async send(
    body: BodyInit | null,
    headers: Record<string, string | null> = {},
    method = "POST",
    other: Partial<OperatorDeps> = {},
  ): Promise<Response> {
    const deps = { ...this.#operator.deps, ...other };
    const app = new Hono().route(
      "/mcp",
      mcp({ ...deps, operator: openOperator(deps), access: this.#operator.access() }),
    );
    const all = {
      authorization: `Bearer ${this.#secret}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    };
    const sent = Object.entries(all).filter((one): one is [string, string] => one[1] !== null);
    return await app.request("https://relay.example.com/mcp", { method, body, headers: sent });
  }

  /** A message of the older revisions. */
  async ask(
    message: unknown,
    headers: Record<string, string> = {},
    other: Partial<OperatorDeps> = {},
  ): Promise<Answer> {
    const response = await this.send(JSON.stringify(message), headers, "POST", other);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
  }

  /** A request of the newest revision, right in everything that `headers` and `meta` do not change. */
  async askNew(
    method: string,
    params: Record<string, unknown> = {},
    headers: Record<string, string> = {},
    meta: object = {},
  ): Promise<Answer> {
    const marked = {
      "io.modelcontextprotocol/protocolVersion": VERSION,
      "io.modelcontextprotocol/clientCapabilities": {},
      ...meta,
    };
    const named = typeof params["name"] === "string" ? { "mcp-name": params["name"] } : {};
    return await this.ask(
      { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: marked } },
      { "mcp-protocol-version": VERSION, "mcp-method": method, ...named, ...headers },
    );
  }

  /** Calls a tool. */
  async call(name: string, args: object = {}, other: Partial<OperatorDeps> = {}): Promise<Told> {
    const { body } = await this.ask(
      { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } },
      {},
      other,
    );
    if (body.result === undefined) throw new Error(`${name}: ${JSON.stringify(body.error)}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the relay's own test asks of it
    const { content, isError } = body.result as { content: { text: string }[]; isError?: boolean };
    const [text = "", apart = ""] = content.map((one) => one.text);
    return { error: isError === true, text, facts: isError === true ? {} : JSON.parse(text), apart };
  }

  /** Orders and confirms. */
  async order(name: string, args: object = {}): Promise<Told> {
    const { facts } = await this.call(name, args);
    return await this.call(name, { ...args, confirm: facts["confirm"] });
  }
}
