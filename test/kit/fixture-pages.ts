// The pages over the relay of the fixtures, on workerd.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Local, runLocal } from "../../src/cli/local/local.ts";

/** Header `x-fixture` says which relay is shown, `x-role` who looks. */
export async function startFixture(): Promise<Pick<Local, "url" | "stop">> {
  const stateDir = await mkdtemp(join(tmpdir(), "hookline-fixture-"));
  const fixture = await runLocal({
    configPath: join(import.meta.dirname, "fixture.toml"),
    vars: {},
    secrets: {},
    port: 0,
    stateDir,
    onLog: ({ level, message }) => {
      if (level === "error") console.error(message);
    },
  });
  return {
    url: fixture.url,
    async stop() {
      await fixture.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
