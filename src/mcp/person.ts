// A person's own word, where the client can ask for it (elicitation): the model neither sees the question's token nor
// can give the answer. Clients of the newest revision say in each request whether they can. Pure.
import * as z from "zod/mini";
import { member } from "../bytes/json.ts";
import type { Era } from "./era.ts";

type Params = Readonly<Record<string, unknown>>;

const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
/** Under which the question is asked, and answered. */
const QUESTION = "agree";
/** Characters of the facts in a question: a dialogue is small. */
const MOST = 4_000;

const reply = z.object({
  requestState: z.string().check(z.maxLength(100)),
  inputResponses: z.object({
    [QUESTION]: z.object({ action: z.string(), content: z.optional(z.record(z.string(), z.unknown())) }),
  }),
});

/** Whether a person can be asked: forms are meant where a client says nothing more of what it can. */
export function canAsk(era: Era, params: Params): boolean {
  const can = member(params["_meta"], [CAPABILITIES, "elicitation"]);
  if (era !== "stateless" || typeof can !== "object" || can === null) return false;
  return Object.keys(can).length === 0 || "form" in can;
}

/** The question, as the result that asks for more. @param token comes back with the answer */
export function question(title: string, would: string, facts: string, token: string): object {
  const message = `${title}? ${would}.\n\n${facts.slice(0, MOST)}`;
  const requestedSchema = {
    type: "object",
    properties: { [QUESTION]: { type: "boolean", title: "Do it", default: false } },
    required: [QUESTION],
  };
  const params = { mode: "form", message, requestedSchema };
  return {
    resultType: "input_required",
    inputRequests: { [QUESTION]: { method: "elicitation/create", params } },
    requestState: token,
  };
}

/** What a person has said, and the token of the question; `null` where nobody has answered. */
export function answered(params: Params): { readonly agrees: boolean; readonly token: string } | null {
  const parsed = reply.safeParse(params);
  if (!parsed.success) return null;
  const { action, content } = parsed.data.inputResponses[QUESTION];
  return { agrees: action === "accept" && content?.[QUESTION] === true, token: parsed.data.requestState };
}
