// D1: what nobody is told of for now.
import { rowsOf, type Run } from "./database.ts";

/** A mute. An empty name stands for all; times are in ms. */
export interface Mute {
  readonly rule: string;
  readonly subject: string;
  readonly until: number;
  readonly at: number;
  readonly actor: string;
}

/** SQL: all of them as a JSON array, those that have ended included. */
export const ALL_MUTES = `(
  SELECT json_group_array(json_object('rule', rule, 'subject', subject, 'until', until, 'at', at, 'actor', actor)) FROM mutes)`;

const RUNNING = "SELECT rule, subject, until, at, actor FROM mutes WHERE until > ?1 ORDER BY until";

/** @param run D1 with the schema in place */
export function openMutes(run: Run) {
  const all = rowsOf(run);
  return {
    /** Those that have not ended, the first to end first. */
    list: async (now: number): Promise<Mute[]> => await all<Mute>(RUNNING, now),
  };
}

export type Mutes = ReturnType<typeof openMutes>;
