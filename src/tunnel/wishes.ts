// Which events somebody wants who listens: the object asks it, and so does the command. Pure.

/** All of them where a list is empty. */
export interface Wishes {
  readonly sources: readonly string[];
  readonly events: readonly string[];
}

/** What of an event decides it. */
export interface Head {
  readonly source: string;
  readonly type: string;
}

/** Whether somebody wants an event. */
export function wants({ sources, events }: Wishes, { source, type }: Head): boolean {
  if (sources.length > 0 && !sources.includes(source)) return false;
  return events.length === 0 || events.some((pattern) => fits(pattern, type));
}

/** `*` stands for anything, as in the `events` of a route. */
function fits(pattern: string, type: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  const end = rest.pop();
  if (end === undefined) return type === start;
  if (!type.startsWith(start)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = type.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return type.length - end.length >= at && type.endsWith(end);
}
