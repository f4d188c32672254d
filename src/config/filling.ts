// Text with secrets by their names, such as `Bearer $CRM_TOKEN`: its grammar, and nothing of what they hold. Pure.
import { SECRET_NAME } from "./forms.ts";

/** Text, and secrets that stand for their values. */
export type Filling = readonly ({ readonly text: string } | { readonly secret: string })[];

const RELAY_OWN = /^(?:ADMIN_TOKEN|(?:SIGNING|ENCRYPTION)_KEY(?:_OLD)?)$/;

/** A dollar with what belongs to it: a second one, a name in braces, or a name. */
const DOLLAR = /\$(?:(\$)|\{([^}]*)\}|(\w*))/g;

const HOW = "Write $NAME or ${NAME} for the secret NAME, and $$ for the character itself";

/** The pieces, or what is wrong: a sentence that goes on from the place and says nothing of the text. */
export function parseFilling(text: string): Filling | string {
  const pieces: ({ text: string } | { secret: string })[] = [];
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain !== "") pieces.push({ text: plain });
    plain = "";
  };
  for (const found of text.matchAll(DOLLAR)) {
    const [all, dollar, braced, bare] = found;
    plain += text.slice(at, found.index);
    at = found.index + all.length;
    if (dollar !== undefined) {
      plain += dollar;
      continue;
    }
    const name = braced ?? bare ?? "";
    if (RELAY_OWN.test(name))
      return `names ${name}, which is the relay's own and is sent to nobody. Put the receiver's secret under a name of its own`;
    if (!SECRET_NAME.test(name)) return `has a $ that names no secret. ${HOW}`;
    flush();
    pieces.push({ secret: name });
  }
  plain += text.slice(at);
  flush();
  return pieces;
}
