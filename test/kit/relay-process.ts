// A relay in a process of its own, so that a test can kill it: argv[2] says what to run, stdout is JSON lines; `--leash` ties its life to stdin.
import * as z from "zod";
import { runLocal } from "../../src/cli/local/local.ts";

const { main, ...options } = z
  .object({
    main: z.string().optional(),
    vars: z.record(z.string(), z.json()),
    secrets: z.record(z.string(), z.string()),
    stateDir: z.string(),
    port: z.number().default(0),
  })
  .parse(JSON.parse(process.argv[2] ?? "{}"));

// Whoever holds the other end of stdin may die without a word: the whole group goes with it, workerd too.
if (process.argv[3] === "--leash") process.stdin.resume().once("close", () => process.kill(-process.pid, "SIGKILL"));

const write = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const relay = await runLocal({
  ...options,
  ...(main === undefined ? {} : { main }),
  onLog: ({ message }) => write({ log: message }),
});
write({ url: relay.url });
