// Every route of the API as data: who may, what it takes, what it answers.
// The guard, the document and the reference read it.
import * as z from "zod/mini";
import { apiKey, auditEntry, type Role } from "../contract/access.ts";
import { alertParameters, alertsAnswer } from "../contract/alerts.ts";
import { archivePage, archiveParameters } from "../contract/archive.ts";
import { ACTS } from "../contract/acts.ts";
import { configuration } from "../contract/configuration.ts";
import { costs } from "../contract/costs.ts";
import { erasure } from "../contract/erasures.ts";
import { accepted, message, messageParameters } from "../contract/message.ts";
import { exportParameters } from "../contract/export.ts";
import { deliveryPage, eventPage, eventStory, instant } from "../contract/history.ts";
import { destination, inspection, previewParameters, replayJob, replayPreview, route } from "../contract/operations.ts";
import { routesTried } from "../contract/routing.ts";
import { overview, refusal, secretUse, source } from "../contract/overview.ts";
import { deliveryParameters, eventParameters } from "../contract/question.ts";
import { auditParameters, inspectionParameters, overviewParameters } from "./inputs.ts";

/** One route. */
export interface Route {
  readonly role: Role;
  /** A sentence of what it is for. */
  readonly says: string;
  /** Left out: none. */
  readonly query?: z.ZodMiniObject;
  readonly body?: z.ZodMiniObject;
  /** What it may answer beside what every route may, by status. */
  readonly refuses?: Readonly<Record<string, string>>;
  /** A schema where it answers JSON, or else the media type; `null` for a WebSocket. */
  readonly answer: z.ZodMiniType | string | null;
}

/** Where the API stands. */
export const BASE = "/api";

/** An event with its body as it is kept: text, or base64 as `encoding` says. */
export const wholeEvent = z.object({ ...eventStory.shape, body: z.string() });

const look = { role: "viewer" } as const;
const rule = { role: "admin" } as const;

/** What may be looked at. */
const LOOKS = {
  "GET /overview": {
    ...look,
    query: overviewParameters,
    says: "Counts over time, backlog, and the health of each source and destination.",
    answer: overview,
  },
  "GET /live": {
    ...look,
    says: "A WebSocket that sends every event, attempt and refusal as it happens.",
    answer: null,
  },

  "GET /events": { ...look, query: eventParameters, says: "Events, newest first.", answer: eventPage },
  "GET /events/:id": {
    ...look,
    says: "One event with its headers, its body, its deliveries and every attempt of each.",
    answer: wholeEvent,
  },
  "GET /events/:id/routes": {
    ...look,
    says: "Which current routes would take an event, and why the others would not, with the values that their conditions read.",
    answer: routesTried,
  },
  "GET /events/:id/body": { ...look, says: "The body of an event, byte for byte.", answer: "application/octet-stream" },

  "GET /archive": {
    ...look,
    query: archiveParameters,
    says: "Archived events, newest first. GET /events/:id finds each of them, and an order about one restores it.",
    answer: archivePage,
    refuses: { 409: "No bucket is bound for an archive." },
  },

  "GET /export": {
    role: "operator",
    query: exportParameters,
    says: "Events from the oldest to the newest as lines of JSON, each with its whole history; with archived=true, then the events of the archive. The cursor of a line continues after it, and the header hookline-next names the next page, if there is one.",
    answer: "application/x-ndjson",
    refuses: { 409: "archived=true, and no bucket is bound for an archive." },
  },

  "GET /deliveries": { ...look, query: deliveryParameters, says: "Deliveries, newest first.", answer: deliveryPage },

  "GET /sources": {
    ...look,
    says: "Every source: whether it is set up, when it last sent an event, and why its last request was refused.",
    answer: z.object({ sources: z.array(source), events_looked_back_to: z.nullable(instant) }),
  },
  "GET /sources/:name/secrets": {
    ...look,
    says: "The secrets of a source: until when each is accepted, and how many events of the last 24 hours each verified.",
    answer: secretUse,
  },
  "GET /sources/:name/refusals": {
    ...look,
    says: "The last refusals of a source, with the reason.",
    answer: z.object({ source: z.string(), refusals: z.array(refusal) }),
  },

  "GET /destinations": {
    ...look,
    says: "Every destination: its health and its waiting deliveries.",
    answer: z.object({ destinations: z.array(destination) }),
  },
  "GET /destinations/:name": { ...look, says: "One destination.", answer: destination },
  "GET /destinations/:name/inspections": {
    ...look,
    query: inspectionParameters,
    says: "What arrived at an inspector: the last hundred requests.",
    answer: z.object({ inspections: z.array(inspection) }),
  },
  "GET /destinations/:name/listen": {
    role: "operator",
    says: "A WebSocket on which a listener gets the deliveries of a destination with tunnel = true, and answers them.",
    answer: null,
  },
  "GET /routes": {
    ...look,
    says: "Which events of which sources go where.",
    answer: z.object({ routes: z.array(route) }),
  },

  "GET /alerts": {
    ...look,
    query: alertParameters,
    says: "Alerts, newest first, with begin, count, last answer and fix; and the rules.",
    answer: alertsAnswer,
  },

  "GET /costs": {
    ...look,
    says: "The cost of the last 24 hours, the last 31 days and the month, by meter, source and destination; a forecast of the month; and the share of each free quota that is used today.",
    answer: costs,
    refuses: { 503: "The Feed object, which has the counts, cannot be reached." },
  },

  "GET /replays": {
    ...look,
    says: "The last hundred bulk replays, newest first.",
    answer: z.object({ replays: z.array(replayJob) }),
  },
  "GET /replays/preview": {
    ...look,
    query: previewParameters,
    says: "How many deliveries a bulk replay would open (failed ones, unless state is delivered or both), and what it would use at this rate: time, rows, requests, queue operations, dollars, and whether it would exceed a free quota today.",
    answer: replayPreview,
  },
  "GET /replays/:id": { ...look, says: "One bulk replay with its progress.", answer: replayJob },

  "GET /configuration": {
    ...rule,
    says: "The deployed vars of the relay, and the names of its secrets, set and missing.",
    answer: configuration,
  },

  "GET /erasures": {
    ...rule,
    says: "The last hundred deletions of everything about a subject, newest first.",
    answer: z.object({ erasures: z.array(erasure) }),
  },
  "GET /erasures/:id": {
    ...rule,
    says: "One deletion of everything about a subject, with its progress.",
    answer: erasure,
  },

  "GET /keys": { ...rule, says: "API keys, without their secrets.", answer: z.object({ keys: z.array(apiKey) }) },
  "GET /audit": {
    ...rule,
    query: auditParameters,
    says: "All changes and who made them, newest first.",
    answer: z.object({ entries: z.array(auditEntry), next: z.nullable(z.string()) }),
  },

  "GET /openapi.json": {
    ...look,
    says: "This API as an OpenAPI 3.1 document.",
    answer: z.record(z.string(), z.unknown()),
  },
  "GET /reference": { ...look, says: "This API as a page to read.", answer: "text/html" },
} as const satisfies Record<string, Route>;

/** What is taken as any source takes it: not an order, and not once for each caller. */
const EVENTS = {
  "POST /events": {
    role: "operator",
    query: messageParameters,
    body: message,
    says: "Takes an event of your own app, as POST /in/:source does, for a source with provider bearer: with the source's secret as the token, or as an operator. Any other body is taken whose type stands in the header Hookline-Event-Type, and its id, if it has one, in Webhook-Id. An Idempotency-Key names one content, for as long as the event is kept.",
    answer: accepted,
    refuses: {
      413: "The body is larger than the source allows.",
      422: "The Idempotency-Key or id has named another content.",
      429: "More came than the rate of the source allows.",
      503: "Not accepted: try again.",
    },
  },
} as const satisfies Record<string, Route>;

/** The first word of a path, under which the reference has it. */
export function groupOf(path: string): string {
  return path.split(/[/.]/, 2)[1] ?? "";
}

/** Method and path, in the order of the reference: of each group what may be looked at, then what may be ordered. */
export const ROUTES: Readonly<Record<string, Route>> = Object.fromEntries(
  [...Map.groupBy(Object.entries<Route>({ ...LOOKS, ...EVENTS, ...ACTS }), ([key]) => groupOf(key)).values()].flat(),
);

const table = new Map(Object.entries(ROUTES));

/**
 * The entry of a route as the router has it.
 * Throws where there is none: nobody gets to a route that was forgotten here.
 */
export function routeOf(method: string, path: string): Route {
  const found = table.get(`${method} ${path.slice(BASE.length)}`);
  if (found === undefined) throw new Error(`${method} ${path} is not in the table of routes`);
  return found;
}

/** The methods that a path takes, as the header `allow` has them. */
export function allowOf(path: string): string {
  const methods = [...table.keys()].flatMap((key) =>
    key.endsWith(` ${path}`) ? [key.slice(0, -path.length - 1)] : [],
  );
  return methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
}

/** Every path once. */
export function paths(): string[] {
  return [...new Set([...table.keys()].map((key) => key.slice(key.indexOf(" ") + 1)))];
}
