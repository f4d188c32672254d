// Which names stand for one content, of what came lately: another content under the same name is refused.
import { soleNameOf } from "../ids.ts";

/** Names that are remembered. What D1 has is asked of D1. */
const REMEMBERED = 10_000;

/** Names of one object, the oldest first. */
export class Names {
  readonly #ids = new Map<string, string>();

  /** Whether the name of this event stands for another content. */
  areTaken(id: string): boolean {
    return (this.#ids.get(soleNameOf(id)) ?? id) !== id;
  }

  take(id: string): void {
    this.#ids.set(soleNameOf(id), id);
    const [oldest] = this.#ids.keys();
    if (this.#ids.size > REMEMBERED && oldest !== undefined) this.#ids.delete(oldest);
  }

  /** What was not accepted has no name. */
  drop(id: string): void {
    if (!this.areTaken(id)) this.#ids.delete(soleNameOf(id));
  }
}
