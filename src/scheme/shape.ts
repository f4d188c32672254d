// In which shape a destination gets events: all that differs from a signed POST of the bytes as they came. Types only.
import type { Provider } from "./scheme.ts";

/**
 * - `standard`     Standard Webhooks, HMAC-SHA-256 (the default)
 * - `standard-v1a` Standard Webhooks, Ed25519: the receiver needs no secret
 * - `cloudevents`  CloudEvents 1.0 over HTTP in binary mode, signed as `standard` is
 * - `cloudevents-structured`  the same with the event as one JSON document
 * - `passthrough`  the sender's own proof, with the sender's own bytes
 * - `none`         unsigned
 * - `as`           signed as another sender signs: `as` says which
 */
export type Format =
  | "standard"
  | "standard-v1a"
  | "cloudevents"
  | "cloudevents-structured"
  | "passthrough"
  | "none"
  | "as";

/** The sender whose signature is made. */
export interface As {
  /** Its name in the catalogue, `hmac`, `token` or `custom`. */
  readonly id: string;
  readonly scheme: Provider;
  readonly settings: Readonly<Record<string, string>>;
}

/** What a destination asks for. All of it is ready: an attempt looks nothing up. */
export interface Shape {
  readonly method: Method;
  readonly format: Format;
  /** Only where `format` says so. */
  readonly as?: As;
  /** As which host the receiver is asked whether it takes events, before it gets any; absent where it is not asked. */
  readonly origin?: string;
  /** The URL with the parameters of `query`; `null` where there is none, or one of its secrets is not set. */
  readonly url: string | null;
  /** Added to each request, names in lower case. They win over the sender's. */
  readonly headers: Readonly<Record<string, string>>;
  /** Added to each body, which has to be a JSON object; left out where there are none. */
  readonly members?: Readonly<Record<string, string>>;
  /** Larger bodies are compressed, in bytes; `null` for none. */
  readonly gzipAbove: number | null;
  /** How long an attempt may take, in ms. */
  readonly timeoutMs: number;
  /** Texts that are kept of no answer and of no request: the values of secrets, in every spelling. Longest first. */
  readonly hidden: readonly string[];
  /** Names of the secrets whose values headers, query and members send. */
  readonly sent: readonly string[];
  /** Those of them that are not set, or hold what cannot be sent: nothing is sent without them. */
  readonly unset: readonly string[];
  /** Headers, query and members as people may read them: secrets by their names. */
  readonly written: Readonly<
    Record<"headers" | "query", Readonly<Record<string, string>>> & { members?: Readonly<Record<string, string>> }
  >;
}

export type Method = "POST" | "PUT" | "PATCH" | "DELETE";
