// One call of a tool: may the caller, is it understood, is it confirmed, and what came of it?
import { allows } from "../access/access.ts";
import type { Caller } from "../contract/access.ts";
import type { Operator } from "../operate/open.ts";
import { iso } from "../time.ts";
import { CONFIRM_MS, judgeToken, tokenFor } from "./confirm.ts";
import { marked } from "./marked.ts";
import { type Fault, invalid } from "./message.ts";
import type { Call, Given } from "./tool.ts";
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
  { name, arguments: given = {} }: Readonly<Record<string, unknown>>,
  badly: number,
  from: Caught,
  deps: CallDeps,
): Promise<{ readonly result: object } | Fault> {
  const tool = TOOLS.find((one) => one.name === name);
  if (tool === undefined) return invalid("there is no such tool: tools/list has them", badly);
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return invalid("arguments must be an object", badly);
  const { caller } = from;
  if (!allows(caller, tool.role)) return no(`this takes the role ${tool.role}, and yours is ${caller.role}`);
  const opened = tool.open(given);
  if (!opened.ok) return no(opened.detail);
  return await carryOut(tool.name, opened.call, from, deps);
}

async function carryOut(tool: string, call: Call, { request, caller }: Caught, deps: CallDeps) {
  const credential = request.headers.get("authorization") ?? "";
  const exact = { credential, tool, args: call.args };
  const given: Given = { operator: deps.operator, by: { caller, key: null }, origin: new URL(request.url).origin };
  const said = (answer: object) => ({ result: { content: texts(marked(answer, deps.newId())) } });

  if (call.plan === null) {
    const done = await call.run(given);
    return done.ok ? said(done.value) : refusal(done.problem.detail);
  }
  if (call.confirm === null) {
    const planned = await call.plan(given);
    if (!planned.ok) return refusal(planned.problem.detail);
    const until = deps.now() + CONFIRM_MS;
    const confirm = await tokenFor(exact, until);
    return said({ done: false, ...planned.value, confirm, confirm_until: iso(until), do_next: ASK });
  }
  const verdict = await judgeToken(call.confirm, exact, deps.now());
  if (verdict !== "good") return no(WHY_NOT[verdict]);
  // A call whose answer was lost may be made again: the same token does its work once.
  const done = await call.run({ ...given, by: { caller, key: `mcp:${call.confirm}` } });
  return done.ok ? said({ done: true, ...done.value }) : refusal(done.problem.detail);
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
export function no(detail: string) {
  return { result: { content: texts([detail]), isError: true } };
}

function refusal(detail = "this was refused") {
  return no(detail);
}
