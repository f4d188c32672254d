// A name in a path is one segment of it: with a slash or a question mark in it, the client would ask something else.
import { Misused } from "../verb.ts";

/**
 * A typed client whose parameters of the path are encoded; hono's puts them in as they are.
 *
 * @throws Misused where one is empty, or stands for no segment
 */
export function encoded<Client extends object>(client: Client): Client {
  return new Proxy(client, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      return typeof member === "function" ? encoded(member) : member;
    },
    apply(target, self, [asked, ...rest]: unknown[]) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever is called is a function
      return Reflect.apply(target as unknown as (...given: unknown[]) => unknown, self, [withSegments(asked), ...rest]);
    },
  });
}

function withSegments(asked: unknown): unknown {
  if (typeof asked !== "object" || asked === null || !("param" in asked)) return asked;
  const { param } = asked;
  const entries = Object.entries(typeof param === "object" && param !== null ? param : {});
  return { ...asked, param: Object.fromEntries(entries.map(([key, value]) => [key, segment(String(value))])) };
}

function segment(name: string): string {
  if (name === "") throw new Misused("a name or an id is missing");
  // A URL reads them as a way, encoded or not.
  if (name === "." || name === "..") throw new Misused(`nothing is named ${JSON.stringify(name)}`);
  return encodeURIComponent(name);
}
