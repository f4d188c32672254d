// What can go wrong at each kind of yield point. A table: the exhaustive mode walks it, the random mode rolls on it.

/** What is asked of the world, and may go wrong. */
export type Kind =
  | "ingress" // a sender's request on its way to the Worker and back
  | "flood" // the rate limit binding
  | "rpc" // a call into the Intake object
  | "sync" // the object's storage
  | "d1" // a statement or a batch
  | "ring" // a send to the queue
  | "consume" // the queue hands a batch over
  | "fetch" // a request to a destination
  | "alarm"
  | "cron"
  | "socket"; // one message of a listener or to one

/** Faults of a call to a binding; where the effect took place, the caller cannot know it. */
const CALL = [
  "throw before",
  "throw after",
  "hang",
  "hang after",
  "late",
  "kill before",
  "kill after",
  "cancel before",
  "cancel after",
] as const;

export const VARIANTS = {
  ingress: ["disconnect", "disconnect at once", "answer lost", "twice", "slow body", "broken body"],
  flood: ["throw before", "hang", "say no"],
  rpc: [...CALL, "object dies before", "object dies after", "slow"],
  sync: ["throw before", "throw after", "hang", "kill before", "kill after", "slow"],
  d1: [...CALL, "slow"],
  ring: [...CALL, "vanish"],
  consume: ["twice", "delay", "kill before", "kill soon", "one by one", "reverse"],
  fetch: [
    "refuse connection",
    "reset",
    "half",
    "hang",
    "trickle",
    "endless",
    "slow",
    "redirect",
    "500",
    "404",
    "410",
    "429 later",
    "503 lies",
    "503 past",
    "kill before",
    "kill after",
    "cancel after",
  ],
  alarm: ["delay", "twice", "kill soon", "delay long"],
  cron: ["skip", "twice", "delay"],
  socket: ["break", "break unheard", "slow", "listener dies", "listener sleeps", "object dies", "object sleeps"],
} as const satisfies Record<Kind, readonly string[]>;

export type Fault = (typeof VARIANTS)[Kind][number];

/** A yield point: what kind, which call, the how-manieth of that name. `d1 claim #3` */
export interface Point {
  readonly kind: Kind;
  readonly name: string;
}

/** Decides whether a fault hits a yield point. `now` is in ms since the world began. */
export type Faults = (point: Point, now: number) => Fault | null;

/** Nothing ever fails. */
export const NONE: Faults = () => null;

/** Just these, by the point's name. */
export function exactly(faults: ReadonlyMap<string, Fault>): Faults {
  return ({ name }) => faults.get(name) ?? null;
}
