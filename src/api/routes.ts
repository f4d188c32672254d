// Every route of the API as data: who may, what it takes, what it answers. The guard, the document and the reference read it.
import * as z from "zod/mini";
import { apiKey, auditEntry, newApiKey, type Role } from "../contract/access.ts";
import { deliveryPage, eventPage, eventStory, instant } from "../contract/history.ts";
import {
  cancelled,
  destination,
  inspection,
  replayed,
  replayJob,
  replayPreview,
  route,
  sentTo,
  tested,
} from "../contract/operations.ts";
import { overview, refusal, source } from "../contract/overview.ts";
import {
  auditParameters,
  filterParameters,
  inspectionParameters,
  keyOrder,
  overviewParameters,
  replayOrder,
  scriptOrder,
  sendOrder,
} from "./inputs.ts";
import { deliveryParameters, eventParameters } from "../contract/question.ts";

/** One route. */
export interface Route {
  readonly role: Role;
  /** A sentence of what it is for. */
  readonly says: string;
  /** Left out: none. */
  readonly query?: z.ZodMiniObject;
  readonly body?: z.ZodMiniObject;
  /** A schema where it answers JSON, or else the media type; `null` for a WebSocket. */
  readonly answer: z.ZodMiniType | string | null;
}

/** Where the API stands. */
export const BASE = "/api";

const offers = z.object({
  source: z.string(),
  offers: z.array(z.object({ offered_at: z.nullable(instant), address: z.string(), secret: z.string() })),
  advice: z.string(),
});

/** An event with its body as it is kept: text, or base64 as `encoding` says. */
export const wholeEvent = z.object({ ...eventStory.shape, body: z.string() });

const look = { role: "viewer" } as const;
const act = { role: "operator" } as const;
const rule = { role: "admin" } as const;

/** Method and path, in the order of the reference. */
export const ROUTES = {
  "GET /overview": {
    ...look,
    query: overviewParameters,
    says: "Counts over time, backlog, and how each source and destination does.",
    answer: overview,
  },
  "GET /live": {
    ...look,
    says: "A WebSocket on which every event, attempt and refusal is told as it happens.",
    answer: null,
  },

  "GET /events": { ...look, query: eventParameters, says: "Events, newest first.", answer: eventPage },
  "GET /events/:id": {
    ...look,
    says: "One event with its headers, its body, its deliveries and every attempt of each.",
    answer: wholeEvent,
  },
  "GET /events/:id/body": { ...look, says: "The body of an event, byte for byte.", answer: "application/octet-stream" },
  "POST /events/:id/replay": { ...act, says: "Opens the ended deliveries of an event again.", answer: replayed },
  "POST /events/:id/cancel": {
    ...act,
    says: "Ends the deliveries of an event that are waiting or held.",
    answer: cancelled,
  },
  "POST /events/:id/send": {
    ...act,
    body: sendOrder,
    says: "Sends an event to a destination that its routes do not name.",
    answer: sentTo,
  },

  "GET /deliveries": { ...look, query: deliveryParameters, says: "Deliveries, newest first.", answer: deliveryPage },
  "POST /deliveries/:id/replay": { ...act, says: "Opens one ended delivery again.", answer: replayed },
  "POST /deliveries/:id/cancel": { ...act, says: "Ends one delivery that is waiting or held.", answer: cancelled },

  "GET /sources": {
    ...look,
    says: "Every source: is it set up, when was it last heard, why was it last turned away?",
    answer: z.object({ sources: z.array(source), events_looked_back_to: z.nullable(instant) }),
  },
  "GET /sources/:name/refusals": {
    ...look,
    says: "The last refusals of a source with what was wrong.",
    answer: z.object({ source: z.string(), refusals: z.array(refusal) }),
  },
  "POST /sources/:name/offers": {
    ...rule,
    says: "Shows the secrets that a provider handed over in its handshake, once.",
    answer: offers,
  },

  "GET /destinations": {
    ...look,
    says: "Every destination: how it does, and what waits for it.",
    answer: z.object({ destinations: z.array(destination) }),
  },
  "GET /destinations/:name": { ...look, says: "One destination.", answer: destination },
  "GET /destinations/:name/inspections": {
    ...look,
    query: inspectionParameters,
    says: "What arrived at an inspector: the last hundred requests.",
    answer: z.object({ inspections: z.array(inspection) }),
  },
  "POST /destinations/:name/test": {
    ...act,
    says: "Sends a test event now and once, and tells the answer.",
    answer: tested,
  },
  "POST /destinations/:name/pause": {
    ...act,
    says: "Holds what is for a destination; nothing is lost.",
    answer: destination,
  },
  "POST /destinations/:name/resume": {
    ...act,
    says: "Sends what was held, and what comes from now on.",
    answer: destination,
  },
  "PUT /destinations/:name/script": {
    ...act,
    body: scriptOrder,
    says: "Changes what an inspector answers; null goes back to what is configured.",
    answer: destination,
  },
  "GET /routes": {
    ...look,
    says: "Which events of which sources go where.",
    answer: z.object({ routes: z.array(route) }),
  },

  "GET /replays": {
    ...look,
    says: "The last hundred bulk replays, newest first.",
    answer: z.object({ replays: z.array(replayJob) }),
  },
  "GET /replays/preview": {
    ...look,
    query: filterParameters,
    says: "How many deliveries a bulk replay would open: of the failed ones, unless state is delivered or both.",
    answer: replayPreview,
  },
  "POST /replays": {
    ...act,
    body: replayOrder,
    says: "Starts a bulk replay: the ended deliveries that the filter names, only the failed ones unless its state is delivered or both, so many a minute.",
    answer: replayJob,
  },
  "GET /replays/:id": { ...look, says: "One bulk replay and how far it has come.", answer: replayJob },
  "POST /replays/:id/cancel": {
    ...act,
    says: "Stops a bulk replay; what it has opened stays open.",
    answer: replayJob,
  },

  "GET /keys": { ...rule, says: "API keys, without their secrets.", answer: z.object({ keys: z.array(apiKey) }) },
  "POST /keys": {
    ...rule,
    body: keyOrder,
    says: "Makes an API key, and shows its secret this once.",
    answer: newApiKey,
  },
  "POST /keys/:id/revoke": {
    ...rule,
    says: "Ends an API key and the sessions that were opened with it.",
    answer: apiKey,
  },
  "GET /audit": {
    ...rule,
    query: auditParameters,
    says: "Who did what, newest first.",
    answer: z.object({ entries: z.array(auditEntry), next: z.nullable(z.string()) }),
  },

  "GET /openapi.json": {
    ...look,
    says: "This API as an OpenAPI 3.1 document.",
    answer: z.record(z.string(), z.unknown()),
  },
  "GET /reference": { ...look, says: "This API as a page to read.", answer: "text/html" },
} as const satisfies Record<string, Route>;

const table = new Map<string, Route>(Object.entries(ROUTES));

/** The entry of a route as the router has it. Throws where there is none: nobody gets to a route that was forgotten here. */
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
