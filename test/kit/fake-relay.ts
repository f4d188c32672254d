// A relay that answers what a test wants, for commands that ask one: what they asked, and what they wrote.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, vi } from "vitest";
import { hookline } from "../../src/cli/hookline.ts";

/** One request of a command. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** There while each test of its file runs. */
export class FakeRelay {
  asked: Asked[] = [];

  /** @param answer what is answered, as JSON */
  constructor(answer: (asked: Asked) => unknown) {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece: Buffer) => {
        body += piece.toString();
      });
      request.on("end", () => {
        const url = new URL(request.url ?? "/", "http://relay.example");
        const one = { method: request.method ?? "", url, body };
        this.asked.push(one);
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(answer(one)));
      });
    });
    beforeEach(async () => {
      this.asked = [];
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port, not on a pipe
      vi.stubEnv("HOOKLINE_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      vi.stubEnv("HOOKLINE_KEY", "hlk_key_of_the_night_shift_0123456789");
    });
    afterEach(async () => {
      vi.unstubAllEnvs();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    });
  }

  /** Runs a command; with `answer`, on a terminal at which somebody gives it to every question. */
  async run(line: string, answer?: string) {
    const [out, err, questions]: [string[], string[], string[]] = [[], [], []];
    const ask = async (question: string) => {
      questions.push(question);
      return await Promise.resolve(answer ?? "");
    };
    const code = await hookline(line.split(" "), {
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      ...(answer === undefined ? {} : { ask }),
    });
    return { code, out: out.join("\n"), err: err.join("\n"), questions };
  }
}
