// `| where | what, without |`: a copy of a value, in which some objects have got other members. Pure.
import type { Node } from "./ast.ts";
import type { Frame, Run } from "./frame.ts";
import { type Meter, TransformFault } from "./meter.ts";
import { ReadingFault, type Scope } from "./scope.ts";
import { copy, Fn, isMembers } from "./values.ts";

interface Parts {
  readonly pattern: Run;
  readonly update: Run;
  readonly without: Run | null;
}

export function changer(node: Node, scope: Scope, compile: (node: Node, scope: Scope) => Run): Run {
  if (node.pattern === undefined || node.update === undefined)
    throw new ReadingFault("stops making sense", node.position);
  const parts = {
    pattern: compile(node.pattern, scope),
    update: compile(node.update, scope),
    without: node.delete === undefined ? null : compile(node.delete, scope),
  };
  return (_, frame) => new Changer(parts, frame);
}

class Changer extends Fn {
  readonly arity = 1;
  readonly #parts: Parts;
  readonly #frame: Frame;

  constructor(parts: Parts, frame: Frame) {
    super();
    this.#parts = parts;
    this.#frame = frame;
  }

  override call([value]: readonly unknown[], _input: unknown, meter: Meter): unknown {
    if (value === undefined) return undefined;
    if (!isMembers(value) && !Array.isArray(value)) throw new TransformFault("changes what is neither object nor list");
    const own = new Set<unknown>();
    const changed = copy(value, meter, (one) => own.add(one));
    const { pattern, update, without } = this.#parts;
    const found = pattern(changed, this.#frame);
    const matches: unknown[] = found === undefined ? [] : Array.isArray(found) ? found : [found];
    for (const match of matches) {
      meter.spend();
      // What it finds elsewhere is somebody else's: the event's own body, which other routes read too.
      if (!isMembers(match) || !own.has(match)) throw new TransformFault("changes what is no object of its copy");
      const more = update(match, this.#frame);
      if (more !== undefined) {
        if (!isMembers(more)) throw new TransformFault("changes an object by what is none");
        meter.look(Object.keys(more).length);
        for (const name of Object.keys(more)) match[name] = more[name];
      }
      const gone = without?.(match, this.#frame);
      for (const name of Array.isArray(gone) ? gone : gone === undefined ? [] : [gone]) {
        if (typeof name !== "string") throw new TransformFault("takes away what is no name");
        meter.spend();
        delete match[name];
      }
    }
    return changed;
  }
}
