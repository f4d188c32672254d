// The five systems: each checks its own credentials and its own shape, and does the work.
import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import * as z from "zod";

export const SERVICES = ["crm", "tickets", "chat", "context", "audit"] as const;
export type ServiceName = (typeof SERVICES)[number];

/** One request, from its arrival to its answer; times in ms since the run began. */
export interface Visit {
  readonly service: ServiceName;
  /** The event's id, from `webhook-id`. */
  readonly event: string;
  readonly began: number;
  readonly ended: number;
  /** 0 where the service broke the connection instead of answering. */
  readonly status: number;
}

/** What a service has done, once for each piece of work; `key` says which, in the service's own words. */
export interface Work {
  readonly service: ServiceName;
  readonly event: string;
  readonly key: string;
}

export interface Secrets {
  readonly crm: string;
  readonly tickets: string;
  readonly context: string;
  /** `whsec_…` */
  readonly audit: string;
}

/** Instead of a status: the connection is broken after the work is done. */
export const LOST = 0;
/** When the CRM is down, in ms since the run began. */
export const DOWN = { from: 1_000, until: 9_000 } as const;
/** What the context store takes for a request, in ms, and how many it bears at once. */
const SLOW_MS = 700;
const BEARS = 2;
/** What the chat channel bears, as Slack's: https://docs.slack.dev/apis/web-api/rate-limits/ */
const CHAT = { most: 1, windowMs: 1000 } as const;

const contact = z.strictObject({
  external_id: z.string(),
  name: z.string(),
  status: z.string(),
  note: z.string(),
});
const ticket = z.strictObject({ reference: z.string(), subject: z.string(), priority: z.enum(["high", "normal"]) });
const message = z.strictObject({ text: z.string().min(1) });
const context = z.strictObject({ conversation: z.string(), step: z.int(), summary: z.string() });
const report = z.object({ data: z.object({ conversation: z.string(), step: z.int() }) });

/** A request, as a service reads it. */
interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** In ms since the run began. */
  readonly at: number;
}

/** A status, and the piece of work that was done, in the service's own words; `null` where nothing was. */
type Done = readonly [status: number, key: string | null];

type Service = (asked: Asked) => Done | Promise<Done>;

/** The services by their names. Each throws where a body has another shape than it takes. */
export function openServices(secrets: Secrets): Readonly<Record<ServiceName, Service>> {
  return {
    crm: crmOf(secrets),
    tickets: ticketsOf(secrets),
    chat: chatOf(),
    context: contextOf(secrets),
    audit: auditOf(secrets),
  };
}

/** A contact has the state that came last. */
function crmOf(secrets: Secrets): Service {
  const contacts = new Map<string, string>();
  return ({ method, headers, body, at }) => {
    if (at >= DOWN.from && at < DOWN.until) return [503, null];
    if (method !== "PUT" || headers.authorization !== `Bearer ${secrets.crm}`) return [401, null];
    const { external_id: id, status, note } = contact.parse(JSON.parse(body));
    contacts.set(id, status);
    return [200, `${id}: ${note}`];
  };
}

/** The answer to the first ticket is lost on its way. */
function ticketsOf(secrets: Secrets): Service {
  const tickets = new Map<string, string>();
  return ({ headers, body }) => {
    if (headers.authorization !== `Basic ${secrets.tickets}`) return [401, null];
    const { reference, subject } = ticket.parse(JSON.parse(body));
    // Whoever asks a second time gets the ticket that there is.
    if (tickets.has(reference)) return [200, null];
    tickets.set(reference, subject);
    return [tickets.size === 1 ? LOST : 201, `${reference} ${subject}`];
  };
}

function chatOf(): Service {
  const messages: number[] = [];
  return ({ body, at }) => {
    const lately = messages.filter((one) => at - one < CHAT.windowMs).length;
    messages.push(at);
    if (lately >= CHAT.most) return [429, null];
    return [200, message.parse(JSON.parse(body)).text];
  };
}

function contextOf(secrets: Secrets): Service {
  let open = 0;
  return async ({ method, headers, body }) => {
    if (method !== "PATCH" || headers.authorization !== `Bearer ${secrets.context}`) return [401, null];
    if (open >= BEARS) return [503, null];
    open += 1;
    try {
      const { conversation, step } = context.parse(JSON.parse(body));
      await sleep(SLOW_MS);
      return [200, `${conversation} ${step}`];
    } finally {
      open -= 1;
    }
  };
}

function auditOf(secrets: Secrets): Service {
  return ({ headers, body }) => {
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    const proof = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
    const { data } = report.parse(new Webhook(secrets.audit).verify(body, proof));
    return [200, `${data.conversation} ${data.step}`];
  };
}
