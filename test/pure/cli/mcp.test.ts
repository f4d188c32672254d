// hookline mcp: what each client is told, in the form that it reads, without the key.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { afterEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { hookline } from "../../../src/cli/hookline.ts";
import { TOOLS } from "../../../src/mcp/tools.ts";

afterEach(() => vi.unstubAllEnvs());

const KEY = `hlk_${"0".repeat(12)}_${"f".repeat(64)}`;
const URL_OF_MCP = "https://relay.example.com/mcp";

async function run(url: string, ...args: string[]) {
  vi.stubEnv("HOOKLINE_URL", url);
  vi.stubEnv("HOOKLINE_KEY", KEY);
  const [out, err]: [string[], string[]] = [[], []];
  const code = await hookline(["mcp", ...args], { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const answer = z.object({
  url: z.string(),
  clients: z.array(
    z.object({ name: z.string(), title: z.string(), file: z.string(), config: z.string(), says: z.string() }),
  ),
});

async function configOf(client: string): Promise<unknown> {
  const { out } = await run("https://relay.example.com", "--client", client, "--json");
  const [one] = answer.parse(JSON.parse(out)).clients;
  return one?.file.endsWith(".toml") === true ? parse(one.config) : JSON.parse(one?.config ?? "");
}

test("each client is told in its own form, and where the key comes from", async () => {
  const { code, out, err } = await run("https://relay.example.com");
  expect(code).toBe(0);
  for (const title of ["Claude Code", "Claude Desktop", "Cursor", "VS Code", "Codex", "Gemini CLI"])
    expect(out).toContain(`${title}: `);
  expect(err).toContain("hookline keys create");

  expect(await configOf("claude-code")).toEqual({
    mcpServers: { hookline: { type: "http", url: URL_OF_MCP, headers: { Authorization: "Bearer ${HOOKLINE_KEY}" } } },
  });
  expect(await configOf("claude-desktop")).toMatchObject({
    mcpServers: {
      hookline: {
        command: "npx",
        args: ["mcp-remote", URL_OF_MCP, "--header", "Authorization:${HOOKLINE_AUTHORIZATION}"],
      },
    },
  });
  expect(await configOf("cursor")).toEqual({
    mcpServers: { hookline: { url: URL_OF_MCP, headers: { Authorization: "Bearer ${env:HOOKLINE_KEY}" } } },
  });
  expect(await configOf("vscode")).toMatchObject({
    inputs: [{ id: "hookline-key", password: true }],
    servers: {
      hookline: { type: "http", url: URL_OF_MCP, headers: { Authorization: "Bearer ${input:hookline-key}" } },
    },
  });
  expect(await configOf("codex")).toEqual({
    mcp_servers: { hookline: { url: URL_OF_MCP, bearer_token_env_var: "HOOKLINE_KEY" } },
  });
  expect(await configOf("gemini")).toEqual({
    mcpServers: { hookline: { httpUrl: URL_OF_MCP, headers: { Authorization: "Bearer $HOOKLINE_KEY" } } },
  });
});

test("no key and no password of the environment is printed", async () => {
  for (const args of [[], ["--json"], ["--client", "claude-desktop"]]) {
    const { out, err } = await run("https://somebody:pa55w0rd@relay.example.com/api?x=1", ...args);
    expect(out).toContain(URL_OF_MCP);
    for (const secret of [KEY, "pa55w0rd", "somebody"]) expect(out + err).not.toContain(secret);
  }
});

test("without a relay, or for a client that is none, it says what to do", async () => {
  for (const [url, args, said] of [
    ["", [], "export HOOKLINE_URL="],
    ["no url", [], "export HOOKLINE_URL="],
    ["https://relay.example.com", ["--client", "telnet"], "take one of claude-code, claude-desktop"],
  ] as const) {
    expect(await run(url, ...args)).toEqual({ code: 1, out: "", err: expect.stringContaining(said) });
    const { code, out } = await run(url, ...args, "--json");
    expect([code, JSON.parse(out)]).toEqual([1, { error: expect.stringContaining(said) }]);
  }
});

test("docs/assistants.md has what the command prints, and every tool with its role", async () => {
  const page = readFileSync(new URL("../../../docs/assistants.md", import.meta.url), "utf8");
  const { out } = await run("https://hookline.example.workers.dev", "--client", "claude-code", "--json");
  const [block = ""] = page.match(/(?<=```json\n)[^]*?(?=\n```)/) ?? [];
  expect(block).toBe(answer.parse(JSON.parse(out)).clients[0]?.config);
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, name, role]) => [name, role]);
  expect(rows).toEqual(TOOLS.map(({ name, role }) => [name, role]));
});
