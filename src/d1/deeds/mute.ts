// D1: what nobody is told of for a while, by a rule, about a subject, or both. An empty name stands for all.
import { AUDIT, type Deed, MINE } from "./deed.ts";

/** So many at once: each look at what is wrong reads all of them. */
export const MOST_MUTES = 100;

interface Muted {
  readonly rule: string;
  readonly subject: string;
}

const SAME = "rule = ?1->>'rule' AND subject = ?1->>'subject'";
const RUNNING = "until > ?1->>'now'";
const ROOM = `((SELECT count(*) FROM mutes WHERE ${RUNNING}) < ${MOST_MUTES} OR EXISTS (SELECT 1 FROM mutes WHERE ${SAME}))`;
const ANSWER = (done: string) => `SELECT json_object('done', json(iif(${done}, 'true', 'false')))`;

/** Muting once more sets another end. */
export const MUTE: Deed<Muted & { until: number }, { done: boolean }> = {
  action: "alerts.mute",
  answer: ANSWER(ROOM),
  acts: [
    `${AUDIT} json_object('until', ?1->>'until') WHERE ${ROOM} AND ${MINE}`,
    `INSERT INTO mutes (rule, subject, until, at, actor)
     SELECT ?1->>'rule', ?1->>'subject', ?1->>'until', ?1->>'now', ?1->>'actor' WHERE ${ROOM} AND ${MINE}
     ON CONFLICT (rule, subject) DO UPDATE SET until = excluded.until, at = excluded.at, actor = excluded.actor`,
    // Those that have ended go when one begins.
    `DELETE FROM mutes WHERE until <= ?1->>'now' AND ${MINE}`,
  ],
};

export const UNMUTE: Deed<Muted, { done: boolean }> = {
  action: "alerts.unmute",
  answer: ANSWER(`EXISTS (SELECT 1 FROM mutes WHERE ${SAME} AND ${RUNNING})`),
  acts: [
    `${AUDIT} NULL WHERE EXISTS (SELECT 1 FROM mutes WHERE ${SAME} AND ${RUNNING}) AND ${MINE}`,
    `DELETE FROM mutes WHERE ${SAME} AND ${MINE}`,
  ],
};
