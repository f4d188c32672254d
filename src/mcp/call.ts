// One call of a tool: may the caller, is it understood, is it confirmed, and what came of it?
import { allows } from "../access/access.ts";
import type { Caller } from "../contract/access.ts";
import type { Operator } from "../operate/open.ts";
import { iso } from "../time.ts";
import { CONFIRM_MS, type Exact, judgeToken, tokenFor } from "./confirm.ts";
import type { Era } from "./era.ts";
import { marked } from "./marked.ts";
import { type Fault, invalid } from "./message.ts";
import { answered, canAsk, question } from "./person.ts";
import type { Call, Given, Tool } from "./tool.ts";
import { TOOLS } from "./tools.ts";

export interface CallDeps {
  readonly operator: Operator;
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
}

/** Who asks, and with what. */
export interface Caught {
  readonly request: Request;
  readonly caller: Caller;
}

/** @param badly the HTTP status of a call that is none */
export async function callTool(
  params: Readonly<Record<string, unknown>>,
  era: Era,
  badly: number,
  from: Caught,
  deps: CallDeps,
): Promise<{ readonly result: object } | Fault> {
  const { name, arguments: given = {} } = params;
  const tool = TOOLS.find((one) => one.name === name);
  if (tool === undefined) return invalid("there is no such tool: tools/list has them", badly);
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return invalid("arguments must be an object", badly);
  const { caller } = from;
  if (!allows(caller, tool.role)) return no(`this takes the role ${tool.role}, and yours is ${caller.role}`);
  const opened = tool.open(given);
  if (!opened.ok) return no(opened.detail);
  const { call } = opened;
  return call.plan === null
    ? await told(call, null, from, deps)
    : await ordered(tool, call, call.plan, canAsk(era, params) ? { reply: answered(params) } : null, from, deps);
}

/** @param person where one can be asked: what they have said, if anything */
async function ordered(
  tool: Tool,
  call: Call,
  plan: NonNullable<Call["plan"]>,
  person: { readonly reply: ReturnType<typeof answered> } | null,
  from: Caught,
  deps: CallDeps,
) {
  const reply = person?.reply ?? null;
  if (reply?.agrees === false) return no("a person was asked, and did not agree: nothing was done");
  const token = call.confirm ?? reply?.token ?? null;
  const by = call.confirm === null && person !== null ? "person" : "caller";
  const credential = from.request.headers.get("authorization") ?? "";
  const exact: Exact = { credential, tool: tool.name, args: call.args, by };
  if (token !== null) {
    const verdict = await judgeToken(token, exact, deps.now());
    // A call whose answer was lost may be made again: the same token does its work once.
    return verdict === "good" ? await told(call, `mcp:${token}`, from, deps) : no(WHY_NOT[verdict]);
  }
  const planned = await plan(givenBy(from, null, deps));
  if (!planned.ok) return no(planned.problem.detail);
  const until = deps.now() + CONFIRM_MS;
  const confirm = await tokenFor(exact, until);
  if (by === "caller") {
    const answer = { done: false, ...planned.value, confirm, confirm_until: iso(until), do_next: ASK };
    return { result: { content: texts(marked(answer, deps.newId())) } };
  }
  const [facts = ""] = marked(planned.value, deps.newId());
  return { result: question(tool.title, planned.value.would, facts, confirm) };
}

/** What a look or an order came to. @param key that it is done once under; `null` for a look */
async function told(call: Call, key: string | null, from: Caught, deps: CallDeps) {
  const done = await call.run(givenBy(from, key, deps));
  if (!done.ok) return no(done.problem.detail);
  const answer = key === null ? done.value : { done: true, ...done.value };
  return { result: { content: texts(marked(answer, deps.newId())) } };
}

function givenBy({ caller, request }: Caught, key: string | null, { operator }: CallDeps): Given {
  return { operator, by: { caller, key }, origin: new URL(request.url).origin };
}

const ASK =
  "Nothing was done. Show a person what would happen. Only if they agree, call this tool again with the same arguments and confirm.";
const WHY_NOT = {
  expired:
    "confirm: this token has expired, and nothing was done: call without it, and show a person what would happen",
  other:
    "confirm: this token is for another call, and nothing was done: a token is good for the same tool, arguments and key alone. Call without it first",
};

function texts(all: readonly string[]): object[] {
  return all.map((text) => ({ type: "text", text }));
}

/** What the assistant can put right, or tell. */
export function no(detail = "this was refused") {
  return { result: { content: texts([detail]), isError: true } };
}
