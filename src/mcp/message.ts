// What a message of JSON-RPC is, and how one is answered. Pure.
import * as z from "zod/mini";

const id = z.union([z.string().check(z.maxLength(1_000)), z.int()]);
export type Id = z.output<typeof id>;

const params = z.optional(z.record(z.string(), z.unknown()));
const request = z.object({ jsonrpc: z.literal("2.0"), id, method: z.string(), params });
const notification = z.object({ jsonrpc: z.literal("2.0"), id: z.optional(z.never()), method: z.string(), params });
const response = z.object({ jsonrpc: z.literal("2.0"), id, method: z.optional(z.never()) });

export type Request = z.output<typeof request>;

/** What a client may send: it asks, it tells something, or it answers what nobody has asked. */
export type Message =
  | { readonly kind: "request"; readonly request: Request }
  | { readonly kind: "notification" | "response" };

/** `null` for what is none. */
export function messageOf(value: unknown): Message | null {
  const asked = request.safeParse(value);
  if (asked.success) return { kind: "request", request: asked.data };
  if (notification.safeParse(value).success) return { kind: "notification" };
  return response.safeParse(value).success ? { kind: "response" } : null;
}

/** An error as JSON-RPC and the protocol number it. */
export interface Fault {
  /** Of the HTTP response. */
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data?: object;
}

export const NOT_JSON: Fault = { status: 400, code: -32700, message: "the body is no JSON" };
export const NO_MESSAGE: Fault = { status: 400, code: -32600, message: "the body is no message of JSON-RPC 2.0" };
export const OURS: Fault = { status: 500, code: -32603, message: "Internal error" };

/** @param status a message of the older revisions that is well-formed gets 200, whatever comes of it */
export function invalid(message: string, status: number): Fault {
  return { status, code: -32602, message };
}

/** An error without an id answers what could not be read. */
export function errorOf({ code, message, data }: Fault, to?: Id): object {
  const error = { code, message, ...(data === undefined ? {} : { data }) };
  return { jsonrpc: "2.0", ...(to === undefined ? {} : { id: to }), error };
}

export function resultOf(result: object, to: Id): object {
  return { jsonrpc: "2.0", id: to, result };
}
