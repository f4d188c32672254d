// Did every system do each piece of its work exactly once, in order, and within its own limits? Counts; touches nothing.
import type { Report } from "./assistant.ts";
import { SERVICES, type ServiceName, type Visit, type Work } from "./services.ts";

/** What one system was to do, and did. */
export interface Sum {
  readonly service: ServiceName;
  /** Reports that were to reach it. */
  readonly wanted: number;
  readonly done: number;
  /** Pieces of work that were done again. */
  readonly twice: number;
  /** Pieces of work that were done after a later one of the same conversation. */
  readonly late: number;
  readonly requests: number;
  readonly refused: number;
}

const WANTS: Readonly<Record<ServiceName, readonly Report["type"][]>> = {
  crm: ["conversation.handoff", "conversation.updated", "conversation.closed"],
  tickets: ["conversation.handoff"],
  chat: ["conversation.handoff", "conversation.closed"],
  context: ["conversation.handoff", "conversation.updated", "conversation.closed"],
  audit: ["conversation.handoff", "conversation.updated", "conversation.closed"],
};

/** @param accepted the relay's id of each report → the report */
export function sums(
  accepted: ReadonlyMap<string, Report>,
  { visits, works }: { readonly visits: readonly Visit[]; readonly works: readonly Work[] },
): Sum[] {
  return SERVICES.map((service) => {
    const wanted = [...accepted].filter(([, { type }]) => WANTS[service].includes(type)).map(([id]) => id);
    const done = works.filter((one) => one.service === service).map(({ event }) => event);
    const own = visits.filter((one) => one.service === service);
    return {
      service,
      wanted: wanted.length,
      done: wanted.filter((id) => done.includes(id)).length,
      twice: done.length - new Set(done).size,
      late: late(done.flatMap((id) => accepted.get(id) ?? [])),
      requests: own.length,
      refused: own.filter(({ status }) => status < 200 || status > 299).length,
    };
  });
}

/** How many of these came after a later step of their conversation. */
function late(all: readonly Report[]): number {
  const last = new Map<string, number>();
  return all.filter(({ conversation, step }) => {
    const before = last.get(conversation) ?? 0;
    last.set(conversation, Math.max(before, step));
    return step < before;
  }).length;
}

/** Whether everything went as the example promises. */
export function good(all: readonly Sum[]): boolean {
  return all.every(({ wanted, done, twice, late: behind }) => wanted > 0 && done === wanted && twice + behind === 0);
}

/** Requests beyond what a system said that it bears: none, unless some are on their way for longer than others. */
export function tooMuch(visits: readonly Visit[]): number {
  return visits.filter(({ service, status }) =>
    service === "chat" ? status === 429 : service === "context" && status === 503,
  ).length;
}
