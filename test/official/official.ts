// The official libraries as the other side: what they sign we accept, what we sign they accept, and what was tampered with both refuse.
// `npm run test:official -- [--most-used] [--installed] [PROVIDER …]` installs them (all, those of the most used senders, or none anew), asks
// them and ends with `N passed, N failed`.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { argv, env, execPath, exit, stdout } from "node:process";
import { mock } from "node:test";
import { fileURLToPath } from "node:url";
import { endWithReader } from "../../src/cli/reader.ts";
import { requestOf, secretsOf, type KnownRequest } from "../../src/cli/local/known-answers.ts";
import { findProvider } from "../../src/providers/catalogue.ts";
import { verify } from "../../src/verify/verify.ts";
import { facts } from "../vectors/facts.ts";
import { NOW } from "../vectors/signed.ts";
import { signedRequest } from "../vectors/signer.ts";
import { asymmetric } from "./asymmetric.ts";
import { body } from "./body.ts";
import { composed } from "./composed.ts";
import { otherBody, type Side } from "./side.ts";
import { standard } from "./standard.ts";
import { timestamped } from "./timestamped.ts";

endWithReader();

const {
  dependencies,
  optionalDependencies,
}: Record<"dependencies" | "optionalDependencies", Record<string, string>> = JSON.parse(
  readFileSync(new URL("package.json", import.meta.url), "utf8"),
);

/** What is claimed of a request, and whether it holds. */
interface Check {
  readonly says: string;
  readonly holds: () => Promise<boolean>;
}

async function ours(request: KnownRequest): Promise<boolean> {
  const provider = findProvider(request.provider);
  if (provider === null) throw new TypeError(`${request.provider} is not in the catalogue`);
  return (await verify(requestOf(request), provider, secretsOf(request), request.config ?? {}, NOW * 1000)).ok;
}

function signedHere(side: Side): KnownRequest {
  const known = facts.find(({ id }) => id === side.provider);
  const request = side.byHand?.() ?? (known === undefined ? null : signedRequest(known, side.body));
  if (request === null) throw new TypeError("nobody can sign this");
  return { ...request, headers: { ...request.headers, ...side.headers } };
}

async function checksOf(side: Side): Promise<Check[]> {
  const { sign, accepts, tampered = otherBody } = side;
  const signed = await sign?.();
  const here = accepts === undefined ? null : signedHere(side);
  const broken = tampered(signed ?? here ?? signedHere(side));
  const theirs = async (request: KnownRequest): Promise<boolean> => (await accepts?.(request)) ?? false;
  return [
    ...(signed === undefined ? [] : [{ says: "we accept what it signs", holds: () => ours(signed) }]),
    ...(here === null
      ? []
      : [
          { says: "it accepts what we sign", holds: () => theirs(here) },
          { says: "we accept what we sign", holds: () => ours(here) },
          { says: "it refuses what was tampered with", holds: async () => !(await theirs(broken).catch(() => false)) },
        ]),
    { says: "we refuse what was tampered with", holds: async () => !(await ours(broken)) },
  ];
}

async function failures(side: Side): Promise<{ readonly count: number; readonly failed: readonly string[] }> {
  const failed: string[] = [];
  try {
    const checks = await checksOf(side);
    for (const { says, holds } of checks) {
      try {
        if (!(await holds())) failed.push(says);
      } catch (error) {
        failed.push(`${says}: ${String(error)}`);
      }
    }
    return { count: checks.length, failed };
  } catch (error) {
    return { count: 1, failed: [String(error)] };
  }
}

function install(extent: readonly string[]): void {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const quietly = ["--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", ["ci", "--prefix", folder, "--ignore-scripts", ...quietly, ...extent], { stdio: "inherit" });
}

/** The libraries of senders that wait for an answer, as applications behind a real relay. */
function repliesHold(): boolean {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
  const run = ["run", "--project", "e2e", "test/official/replies.test.ts"];
  const { status } = spawnSync(execPath, [vitest, ...run], {
    cwd: root,
    env: { ...env, OFFICIAL: "1" },
    stdio: "inherit",
  });
  return status === 0;
}

// The requests are of this very second: most libraries look at the clock.
mock.timers.enable({ apis: ["Date"], now: NOW * 1000 });

const asked = argv.slice(2);
const names = asked.filter((word) => !word.startsWith("--"));
const mostUsed = asked.includes("--most-used");
const sides = [...standard, ...timestamped, ...body, ...composed, ...asymmetric];
const chosen = sides.filter(
  ({ provider, from }) =>
    (names.length === 0 || names.includes(provider)) && (!mostUsed || dependencies[from] !== undefined),
);
if (!asked.includes("--installed")) install(mostUsed ? ["--omit=optional"] : []);
let count = 0;
let failed = 0;
for (const side of chosen) {
  const result = await failures(side);
  count += result.count;
  failed += result.failed.length;
  const version = dependencies[side.from] ?? optionalDependencies[side.from] ?? "not in package.json";
  stdout.write(
    `${result.failed.length === 0 ? "ok    " : "FAILED"} ${side.provider.padEnd(22)} ${side.from}@${version}\n`,
  );
  for (const one of result.failed) stdout.write(`         ${one}\n`);
}
const replying = names.length === 0 || names.some((name) => ["slack", "twilio", "discord"].includes(name));
if (replying) {
  count += 1;
  if (!repliesHold()) failed += 1;
}
stdout.write(`\n${chosen.length} providers against their own libraries\n${count - failed} passed, ${failed} failed\n`);
exit(failed === 0 && chosen.length > 0 ? 0 : 1);
