// Over a real network: an answer whose status came is that status, whatever becomes of its body.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import * as z from "zod";
import { startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

/** Bodies that cannot be read, each as bytes behind the line of the status. */
const BODIES: Record<string, { readonly head: string; readonly body: Buffer; readonly reset?: true }> = {
  garbage: { head: "content-encoding: gzip\r\ncontent-length: 7\r\n", body: Buffer.from("no gzip") },
  cut: { head: "content-encoding: gzip\r\n", body: gzipSync("x".repeat(5_000)).subarray(0, 20) },
  empty: { head: "content-encoding: gzip\r\ncontent-length: 0\r\n", body: Buffer.alloc(0) },
  short: { head: "content-length: 1000\r\n", body: Buffer.from("less than it says") },
  chunks: { head: "transfer-encoding: chunked\r\n", body: Buffer.from("zz\r\nno length\r\n") },
  reset: { head: "content-length: 1000\r\n", body: Buffer.from("half of it"), reset: true },
};

const Firsts = z.array(z.object({ destination: z.string(), state: z.string(), status: z.number().nullable() }));

const STATUSES: Record<string, string> = { "200": "delivered", "410": "failed", "500": "pending" };

test("the status that came is what counts: a body that is cut, reset or no gzip changes nothing", async () => {
  const receiver = await startReceiver(({ destination }, response) => {
    const [name = "", status = ""] = destination.split("-");
    const { head, body, reset } = BODIES[name] ?? { head: "", body: Buffer.alloc(0) };
    const { socket } = response;
    socket?.write(
      Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Said\r\nconnection: close\r\n${head}\r\n`), body]),
      () => {
        // The bytes must have left before the connection goes: a reset overtakes what is still in the receiver's hands.
        setTimeout(() => (reset === true ? socket.resetAndDestroy() : socket.end()), 200);
      },
    );
  });
  const names = Object.keys(BODIES).flatMap((name) => Object.keys(STATUSES).map((status) => `${name}-${status}`));
  const destinations = names.map(
    (name) => [name, { url: receiver.address(name), retry: ["1h"] }] as [string, { url: string; retry: string[] }],
  );
  const relay = await Relay.start(relayVars(Object.fromEntries(destinations)), await stateFolder());
  await relay.post("one", Buffer.from("{}"));
  const heard = await until("every destination has been asked, and its answer noted", () => {
    const ends = new Map<string, unknown>();
    for (const { event, delivery, first, attempt, fault, state, status } of relay.log) {
      // A first attempt that succeeds has no line of its own: the line of its acceptance says so.
      for (const end of event === "ingest.accepted" ? Firsts.parse(first ?? []) : [])
        ends.set(end.destination, { attempt: 1, fault: null, state: end.state, status: end.status });
      const own = String(event).startsWith("delivery.") && typeof delivery === "string";
      if (own) ends.set(delivery.split(":")[1] ?? "", { attempt, fault, state, status });
    }
    return ends.size >= names.length ? ends : undefined;
  });
  for (const name of names) {
    const status = name.split("-")[1] ?? "";
    expect(heard.get(name), name).toMatchObject({
      attempt: 1,
      status: Number(status),
      fault: null,
      state: STATUSES[status],
    });
    expect(receiver.to(name), name).toHaveLength(1);
  }
});
