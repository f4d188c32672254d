// In which file, and in which words, each assistant is told of the relay. The key is named and never written:
// whoever reads the file over somebody's shoulder, or in a repository, has nothing.

/** The variable that has the key, as everywhere on the command line. */
const KEY = "HOOKLINE_KEY";

export interface McpClient {
  /** As `--client` takes it. */
  readonly name: string;
  readonly title: string;
  readonly file: string;
  /** What stands in the file, or is added to it. */
  readonly config: (url: string) => string;
  /** Where its key comes from. */
  readonly says: string;
}

const FROM_ENVIRONMENT = `It takes the key from ${KEY} in the environment that it is started in.`;

/** By the documents of each: docs/assistants.md links them. */
export const MCP_CLIENTS: readonly McpClient[] = [
  {
    name: "claude-code",
    title: "Claude Code",
    file: ".mcp.json in the project",
    config: (url) => json({ mcpServers: { hookline: { type: "http", url, headers: bearer(`\${${KEY}}`) } } }),
    says: FROM_ENVIRONMENT,
  },
  {
    name: "claude-desktop",
    title: "Claude Desktop",
    file: "claude_desktop_config.json (Settings, Developer, Edit Config)",
    config: (url) =>
      json({
        mcpServers: {
          hookline: {
            command: "npx",
            // No space after the colon: on Windows the application splits what has one.
            args: ["mcp-remote", url, "--header", "Authorization:${HOOKLINE_AUTHORIZATION}"],
            env: { HOOKLINE_AUTHORIZATION: "Bearer hlk_…" },
          },
        },
      }),
    says: "It starts local programs alone, here one that carries messages to the relay. Write the key into the file in the place of hlk_…, and keep the file to yourself.",
  },
  {
    name: "cursor",
    title: "Cursor",
    file: ".cursor/mcp.json in the project, or ~/.cursor/mcp.json",
    config: (url) => json({ mcpServers: { hookline: { url, headers: bearer(`\${env:${KEY}}`) } } }),
    says: FROM_ENVIRONMENT,
  },
  {
    name: "vscode",
    title: "VS Code",
    file: ".vscode/mcp.json in the project",
    config: (url) =>
      json({
        inputs: [{ type: "promptString", id: "hookline-key", description: "Hookline API key", password: true }],
        servers: { hookline: { type: "http", url, headers: bearer("${input:hookline-key}") } },
      }),
    says: "It asks for the key when the server starts for the first time, and keeps it.",
  },
  {
    name: "codex",
    title: "Codex",
    file: "~/.codex/config.toml",
    config: (url) => `[mcp_servers.hookline]\nurl = ${JSON.stringify(url)}\nbearer_token_env_var = "${KEY}"`,
    says: FROM_ENVIRONMENT,
  },
  {
    name: "gemini",
    title: "Gemini CLI",
    file: ".gemini/settings.json in the project, or ~/.gemini/settings.json",
    config: (url) => json({ mcpServers: { hookline: { httpUrl: url, headers: bearer(`$${KEY}`) } } }),
    says: FROM_ENVIRONMENT,
  },
];

function bearer(key: string) {
  return { Authorization: `Bearer ${key}` };
}

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
