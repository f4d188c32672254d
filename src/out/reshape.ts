// What does an attempt ask before it shapes an event: is there another body for it? Types only.
import type { Destination, Fault } from "../types.ts";
import type { EventHead } from "./shape.ts";

/** The event as it is sent, with the body that its route makes of it, or why there is none. */
type Remade =
  | { readonly ok: true; readonly event: EventHead; readonly body: Uint8Array }
  | { readonly ok: false; readonly fault: Extract<Fault, "untransformed" | "unhydrated">; readonly error: string };

/**
 * @param way by which route the delivery goes, and whether that route transformed when the event was routed
 * @param body as it was received
 * @returns `null` where it goes out as it came
 */
export type Reshape = (
  event: EventHead & { readonly receivedAt: number },
  destination: Destination,
  way: { readonly route?: string; readonly transform?: number | null },
  body: Uint8Array,
) => Promise<Remade | null>;
