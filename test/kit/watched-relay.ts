// A relay of the kit with one destination that answers as the test wants, and looks into what it keeps and says.
import * as z from "zod";
import { say, startReceiver } from "./receiver.ts";
import { Relay, stateFolder } from "./whole-relay.ts";
import { kitVars } from "./raw-http.ts";

/** `kept` are the events in its history, every acknowledged one among them, `faults` its own in the log. */
export async function startKit(
  answer: Parameters<typeof startReceiver>[0] = (arrival, response) => say(200, arrival, response),
) {
  const receiver = await startReceiver(answer);
  const relay = await Relay.start(
    kitVars({ all: { url: receiver.address("all"), retry: ["1s"] } }),
    await stateFolder(),
  );
  const kept = async () => {
    await relay.carried();
    return z.object({ events: z.array(z.object({ id: z.string() })) }).parse(await relay.api("/api/events")).events;
  };
  const faults = () => relay.log.filter(({ level, event }) => level === "error" && event !== "delivery.failed");
  return { receiver, relay, kept, faults };
}
