// What proves an event to its receiver, and in which form it comes: one maker for each format. Touches nothing.
import { acceptedAt, EDITED_FROM, PROOF } from "../ids.ts";
import { namesEvents } from "../scheme/naming.ts";
import type { Format } from "../scheme/shape.ts";
import { iso } from "../time.ts";
import type { Destination } from "../types.ts";
import { signAs } from "./as.ts";
import { asDocument, attributesOf, inHeaders, STRUCTURED_TYPE } from "./cloudevents.ts";
import { signaturesV1a } from "./ed25519.ts";
import { signatures, webhookHeaders } from "./sign.ts";

/** What a maker is given. */
export interface Making {
  readonly event: {
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly receipt?: string;
  };
  readonly destination: Pick<Destination, "name" | "keys" | "shape" | "url">;
  readonly body: Uint8Array;
  /** Unix seconds. */
  readonly timestamp: number;
}

export interface Made {
  /** In lower case; they win over the sender's. */
  readonly headers: Record<string, string>;
  /** Parameters that the URL gets. */
  readonly query?: Readonly<Record<string, string>>;
  /** In the place of the body, where the format writes it anew. */
  readonly body?: Uint8Array;
  /** Texts by which others could prove a request of their own. */
  readonly hidden?: readonly string[];
}

/** Formats that need a key. The others send nothing of the relay's that proves anything. */
export function needsKey(format: Format | undefined): boolean {
  return format !== "passthrough" && format !== "none";
}

type Maker = (making: Making) => Promise<Made>;

/** Standard Webhooks over the body that is sent. */
const standard: Maker = async ({ event, destination, body, timestamp }) => ({
  headers: webhookHeaders(event.id, timestamp, await signatures(destination, event.id, timestamp, body)),
});

const FORMATS: Readonly<Record<Format, Maker>> = {
  standard,
  async "standard-v1a"({ event, destination, body, timestamp }) {
    const signed = await signaturesV1a(destination, event.id, timestamp, body);
    return { headers: webhookHeaders(event.id, timestamp, signed) };
  },
  async cloudevents(making) {
    const { headers } = await standard(making);
    return { headers: { ...headers, ...inHeaders(attributesOf(described(making.event))) } };
  },
  async "cloudevents-structured"(making) {
    const { "content-type": type, "content-encoding": encoding } = making.event.headers;
    const body = asDocument(attributesOf(described(making.event)), making.body, type, encoding);
    const { headers } = await standard({ ...making, body });
    return { headers: { ...headers, "content-type": STRUCTURED_TYPE }, body };
  },
  async passthrough({ event }) {
    const proof = proofOf(event.headers);
    const hidden = Object.entries(proof).flatMap(([name, value]) => (namesEvents(name) ? [] : [value]));
    return await Promise.resolve({ headers: { ...proof, "hookline-event-id": event.id }, hidden });
  },
  async as({ event, destination, body, timestamp }) {
    const { shape, keys, url } = destination;
    const [key] = keys;
    if (shape?.as === undefined || key?.kind !== "own") throw new Error(`${destination.name} has nobody to sign as`);
    const { id, type, headers } = event;
    const signing = { id, type, method: shape.method, url: shape.url ?? url ?? "", headers, body, timestamp };
    const made = signAs(shape.as, key.secret, signing);
    return await Promise.resolve({ ...made, headers: { ...made.headers, "hookline-event-id": id } });
  },
  async none({ event, timestamp }) {
    const { "webhook-signature": _, ...headers } = webhookHeaders(event.id, timestamp, "");
    return await Promise.resolve({ headers });
  },
};

export async function make(format: Format, making: Making): Promise<Made> {
  return await FORMATS[format](making);
}

function described({ id, source, type, receipt }: Making["event"]) {
  const at = receipt === undefined ? null : acceptedAt(receipt);
  return { id, source, type, time: at === null ? null : iso(at) };
}

/**
 * The sender's own headers that prove its request, as they were kept for destinations like this one;
 * none where somebody has edited the body since.
 */
function proofOf({ [PROOF]: kept, [EDITED_FROM]: original }: Readonly<Record<string, string>>): Record<string, string> {
  if (original !== undefined) return {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written at acceptance, from a Record<string, string>
  return kept === undefined ? {} : (JSON.parse(kept) as Record<string, string>);
}
