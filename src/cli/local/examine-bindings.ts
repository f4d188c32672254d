// Are the bindings there that destinations name, and are they of the right kind? Rules over the parsed file; pure.
import type { Config } from "../../config/configured.ts";
import { error, type Finding, show, suggest } from "../../config/findings.ts";
import type { Binding } from "../../types.ts";
import { rows, type Table } from "./wrangler-file.ts";

/** Where wrangler keeps bindings that can be destinations, and as what. Whatever can fetch is a service. */
const KEPT: readonly (readonly [kind: Binding["kind"], at: readonly string[], fix: string])[] = [
  ["service", ["services"], 'service = "the-worker"'],
  ["service", ["mtls_certificates"], 'certificate_id = "…"'],
  ["service", ["vpc_services"], 'service_id = "…"'],
  ["queue", ["queues", "producers"], 'queue = "the-queue"'],
  ["r2", ["r2_buckets"], 'bucket_name = "the-bucket"'],
  ["email", ["send_email"], "nothing else; or with allowed_sender_addresses, of whom it may write"],
];

/** Under which member wrangler keeps the name of a binding. */
function nameIn(kind: Binding["kind"]): "name" | "binding" {
  return kind === "email" ? "name" : "binding";
}

/** @param scope the top of the file or an environment, which does not inherit bindings */
export function examineBindings(scope: Table, { destinations }: Pick<Config, "destinations">): Finding[] {
  const there = KEPT.flatMap(([kind, at]) =>
    rows(scope, at).flatMap((row) => {
      const name = row[nameIn(kind)];
      return typeof name === "string" ? [{ kind, name }] : [];
    }),
  );
  return [...destinations.values()].flatMap(({ name, binding }) => {
    if (binding === undefined || binding.kind === "tunnel") return [];
    const key = `DESTINATIONS.${name}.${binding.kind}`;
    const found = there.filter((one) => one.name === binding.name);
    if (found.some(({ kind }) => kind === binding.kind)) return [];
    const [other] = found;
    if (other !== undefined) {
      const says = `${show(binding.name)} is of another kind. Write ${other.kind} = "${binding.name}", or name another binding`;
      return [error(key, says)];
    }
    const alike = there.filter(({ kind }) => kind === binding.kind).map((one) => one.name);
    const near = alike.length === 0 ? "" : suggest(binding.name, alike);
    const [, at = [], fix = ""] = KEPT.find(([kind]) => kind === binding.kind) ?? [];
    const add = `Add [[${at.join(".")}]] with ${nameIn(binding.kind)} = "${binding.name}" and ${fix}`;
    return [error(key, `${show(binding.name)} is no binding of this file.${near} ${add}`)];
  });
}
