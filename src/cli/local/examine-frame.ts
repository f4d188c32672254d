// Does a wrangler.toml still hold what every relay needs beside its vars? Rules over the parsed file; touches nothing.
import { error, type Finding, show, warning } from "../../config/findings.ts";
import { rows, type Table, table } from "./wrangler-file.ts";

/** Every binding that the Worker asks for: where wrangler keeps it, and under which member its name stands. */
const BINDINGS = [
  { at: ["d1_databases"], member: "binding", names: ["DB"] },
  { at: ["durable_objects", "bindings"], member: "name", names: ["INTAKE", "FEED", "LIMITER", "TUNNEL"] },
  { at: ["queues", "producers"], member: "binding", names: ["DELIVERIES", "DEAD_LETTERS"] },
  { at: ["ratelimits"], member: "name", names: ["FLOOD_GUARD"] },
] as const;

/**
 * What an environment takes over from the top of the file, as far as the relay needs it; everything else it repeats.
 */
const INHERITED = new Set([
  "name",
  "main",
  "compatibility_date",
  "compatibility_flags",
  "triggers",
  "migrations",
  "build",
  "rules",
]);

const MAIN = "src/index.ts";

/** The relay is tested with the behaviour of this day; an older date is another runtime. */
const OLDEST_DATE = "2026-10-20";

/** Flags, and what is lost without each. */
const FLAGS = {
  global_fetch_strictly_public: "without it a destination can lead back into your own zone",
  queue_consumer_no_wait_for_wait_until: "without it one receiver that hangs holds up the others",
};

/** Durable Object bindings and their classes. Both need SQLite. */
const CLASSES = { INTAKE: "Intake", FEED: "Feed", LIMITER: "Limiter", TUNNEL: "Tunnel" };

/** Names of text modules that the dashboard is made of, one for each of the shipped globs. */
const TEXT_GLOBS = ["**/*.css", "**/*.svg", "**/*.client.js", "**/*.iife.min.js"];

/** The consumer of DELIVERIES: a member, its value in the shipped file, and what another one does. */
const PACE = [
  ["max_batch_size", 25, "is how many deliveries one invocation is made for"],
  ["max_batch_timeout", 0, "is what every delivery waits in seconds, and 5 if it is left out"],
  ["max_retries", 10, "is how often a fault of the relay's own is tried again"],
] as const;

/** Members that the shipped file does not have, and what each does. */
const SLOWS = {
  consumers: [
    ["max_concurrency", "bounds how many invocations deliver at once, so that a backlog lasts longer"],
    ["retry_delay", "has a fault of the relay's own wait for longer than it has to"],
  ],
  producers: [["delivery_delay", "has every delivery wait so many seconds"]],
} as const;
const PULLED = '"http_pull" keeps the messages for somebody who fetches them, and nothing is delivered. Leave it out';

const COPY = "Copy it from docs/samples/every-key.toml";

/** An environment as wrangler reads it: with what it inherits. */
export function inherited(file: Table, scope: Table): Table {
  const above = Object.entries(file).filter(([name]) => INHERITED.has(name));
  return { ...Object.fromEntries(above), ...scope };
}

/** Findings about the frame of one scope: the top of the file, or one of its environments with what it inherits. */
export function examineFrame(scope: Table): Finding[] {
  return [
    ...worker(scope),
    ...flags(scope),
    ...crons(scope),
    ...bindings(scope),
    ...classes(scope),
    ...queues(scope),
    ...text(scope),
    ...build(scope),
  ];
}

function worker({ name, main, compatibility_date: date }: Table): Finding[] {
  const findings: Finding[] = [];
  if (typeof name !== "string" || name === "") findings.push(error("name", 'is missing. Write name = "hookline"'));
  if (main !== MAIN) {
    findings.push(
      error("main", `${main === undefined ? "is missing" : `${show(main)} is not the relay`}. Write main = "${MAIN}"`),
    );
  }
  const written = date instanceof Date ? date.toISOString().slice(0, 10) : date;
  if (typeof written !== "string" || !/^\d{4}-\d\d-\d\d$/.test(written)) {
    const what = written === undefined ? "is missing" : `${show(written)} is not a day`;
    findings.push(error("compatibility_date", `${what}. Write compatibility_date = "${OLDEST_DATE}"`));
  } else if (written < OLDEST_DATE) {
    const says = `${show(written)} is older than the runtime that the relay was made for. Write "${OLDEST_DATE}"`;
    findings.push(error("compatibility_date", says));
  }
  return findings;
}

function flags({ compatibility_flags: written }: Table): Finding[] {
  const present = Array.isArray(written) ? written : [];
  return Object.entries(FLAGS)
    .filter(([flag]) => !present.includes(flag))
    .map(([flag, why]) => error("compatibility_flags", `lacks "${flag}": ${why}. Add it to the list`));
}

function crons(scope: Table): Finding[] {
  const { crons: written } = table(scope["triggers"]);
  if (Array.isArray(written) && written.includes("* * * * *")) return [];
  const says = "is what takes deliveries up again that were lost, cleans up and refreshes address lists";
  if (!Array.isArray(written) || written.length === 0) {
    return [error("triggers.crons", `is missing: it ${says}. Add [triggers] with crons = ["* * * * *"]`)];
  }
  return [warning("triggers.crons", `${show(written)} is not every minute, and it ${says}. Write ["* * * * *"]`)];
}

function bindings(scope: Table): Finding[] {
  return BINDINGS.flatMap(({ at, member, names }) => {
    const present = new Set(rows(scope, at).map((row) => row[member]));
    const key = at.join(".");
    return names
      .filter((name) => !present.has(name))
      .map((name) => error(key, `lacks ${name}. Add the [[${key}]] with ${member} = "${name}". ${COPY}`));
  });
}

/**
 * The classes behind the bindings, and the migrations that create them with SQLite, which cannot be changed afterwards.
 */
function classes(scope: Table): Finding[] {
  const bound = rows(scope, ["durable_objects", "bindings"]);
  const migrations = rows(scope, ["migrations"]);
  const made = (member: string) => new Set(migrations.flatMap((row) => [row[member]].flat()));
  const [sqlite, plain] = [made("new_sqlite_classes"), made("new_classes")];
  return Object.entries(CLASSES).flatMap(([name, wanted]) => {
    const binding = bound.find((row) => row["name"] === name);
    const findings: Finding[] = [];
    if (binding !== undefined && binding["class_name"] !== wanted) {
      const says = `${show(binding["class_name"])} is not the class of ${name}. Write class_name = "${wanted}"`;
      findings.push(error("durable_objects.bindings.class_name", says));
    }
    if (plain.has(wanted)) {
      const says = `makes ${wanted} without SQLite, which it needs. Name it in new_sqlite_classes instead`;
      findings.push(error("migrations.new_classes", says));
    } else if (!sqlite.has(wanted)) {
      const says = `makes no class ${wanted}, so that a deploy is refused. Add a [[migrations]] with a tag of its own and new_sqlite_classes = ["${wanted}"]`;
      findings.push(error("migrations", says));
    }
    return findings;
  });
}

function queues(scope: Table): Finding[] {
  const producers = rows(scope, ["queues", "producers"]);
  const queueOf = (binding: string) => producers.find((row) => row["binding"] === binding)?.["queue"];
  const [deliveries, deadLetters] = [queueOf("DELIVERIES"), queueOf("DEAD_LETTERS")];
  const findings = consumers(scope);
  // The Worker tells the two apart by their names.
  if (typeof deadLetters === "string" && !deadLetters.endsWith("dead-letters")) {
    const says = `${show(deadLetters)} does not end in dead-letters, and would be read as deliveries. Write "${deadLetters}-dead-letters", here and where it is consumed`;
    findings.push(error("queues.producers.queue", says));
  }
  if (typeof deliveries === "string" && deliveries.endsWith("dead-letters")) {
    const says = `${show(deliveries)} ends in dead-letters, and nothing in it would be delivered. Give DELIVERIES another queue`;
    findings.push(error("queues.producers.queue", says));
  }
  const consumer = rows(scope, ["queues", "consumers"]).find(
    ({ queue }) => queue !== undefined && queue === deliveries,
  );
  if (consumer === undefined) return findings;
  if (consumer["dead_letter_queue"] !== deadLetters) {
    const says = `is not the queue of DEAD_LETTERS: bells that failed ten times leave no line in the log. Write dead_letter_queue = ${show(deadLetters)}`;
    findings.push(warning("queues.consumers.dead_letter_queue", says));
  }
  for (const [member, value, what] of PACE) {
    if (consumer[member] === value) continue;
    findings.push(warning(`queues.consumers.${member}`, `${what}. Write ${member} = ${value}`));
  }
  return [...findings, ...slowed(scope, new Set([deliveries, deadLetters]))];
}

/** What slows the relay's own queues down, or keeps their messages from it. */
function slowed(scope: Table, own: ReadonlySet<unknown>): Finding[] {
  const rowsOf = (side: "consumers" | "producers") =>
    rows(scope, ["queues", side]).filter(({ queue }) => own.has(queue));
  const pulled = rowsOf("consumers").filter(({ type }) => type === "http_pull");
  const slow = (["consumers", "producers"] as const).flatMap((side) =>
    rowsOf(side).flatMap((row) =>
      SLOWS[side]
        .filter(([member]) => row[member] !== undefined && row[member] !== 0)
        .map(([member, what]) => warning(`queues.${side}.${member}`, `${what}. Leave it out`)),
    ),
  );
  return [...pulled.map(() => error("queues.consumers.type", PULLED)), ...slow];
}

/** A queue of the relay's own that nobody consumes keeps its messages until they expire. */
function consumers(scope: Table): Finding[] {
  const own = new Set<unknown>(["DELIVERIES", "DEAD_LETTERS"]);
  const consumed = new Set(rows(scope, ["queues", "consumers"]).map(({ queue }) => queue));
  return rows(scope, ["queues", "producers"])
    .filter(({ binding, queue }) => own.has(binding) && !consumed.has(queue))
    .map(({ queue }) => error("queues.consumers", `lacks the queue ${show(queue)}. Add a [[queues.consumers]] for it`));
}

function text(scope: Table): Finding[] {
  const texts = rows(scope, ["rules"]).filter(({ type }) => type === "Text");
  const globs = new Set(texts.flatMap((row) => [row["globs"]].flat()));
  const lacking = TEXT_GLOBS.filter((glob) => !globs.has(glob));
  if (lacking.length === 0) return [];
  const says = `lacks ${lacking.map(show).join(", ")}: the pages of the dashboard cannot be bundled. Add a [[rules]] with type = "Text". ${COPY}`;
  return [error("rules", says)];
}

function build(scope: Table): Finding[] {
  const { command } = table(scope["build"]);
  if (typeof command === "string" && /\bcheck\b/.test(command)) return [];
  const says = 'does not check the file before a deploy. Write command = "npm run --silent config:check"';
  return [warning("build.command", says)];
}
