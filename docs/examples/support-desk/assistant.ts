// What the AI assistant reports: six conversations of three steps each, signed as Standard Webhooks.
import { Webhook } from "standardwebhooks";

/** One report of the assistant. */
export interface Report {
  readonly id: string;
  readonly type: "conversation.handoff" | "conversation.updated" | "conversation.closed";
  readonly conversation: string;
  /** From 1: the place in its conversation. */
  readonly step: number;
  readonly body: string;
}

const CUSTOMERS = ["Ada", "Grace", "Alan", "Barbara", "Edsger", "Margaret"] as const;
const STEPS = ["conversation.handoff", "conversation.updated", "conversation.closed"] as const;
const SUMMARIES = ["was charged twice and asks for a person", "has sent both receipts", "got the refund"] as const;

/** Step by step, as conversations run side by side: all first steps, then all second ones. `now` in ms since 1970. */
export function reports(now: number): Report[] {
  return STEPS.flatMap((type, step) =>
    CUSTOMERS.map((name, n): Report => {
      const conversation = `conv_${n + 1}`;
      const contact = { id: `contact_${n + 1}`, name };
      const mood = n % 2 === 0 ? "upset" : "calm";
      const data = { conversation, step: step + 1, contact, mood, summary: SUMMARIES[step] ?? "" };
      const body = JSON.stringify({ type, timestamp: new Date(now).toISOString(), data });
      return { id: `msg_${conversation}_${step + 1}`, type, conversation, step: step + 1, body };
    }),
  );
}

/** The request that a report is sent as. `now` in ms since 1970. */
export function signed({ id, body }: Report, secret: string, now: number): RequestInit {
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, new Date(now), body),
  };
  return { method: "POST", headers, body };
}
