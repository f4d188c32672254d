// What does somebody who waits want to see? A line every few seconds.
import { grouped } from "../../src/cli/columns.ts";
import type { Receiver } from "./receiver.ts";
import type { Relay } from "./killed-relay.ts";
import type { Traffic } from "./senders.ts";

const EVERY_MS = 5_000;

export interface Watched {
  /** ms since 1970 */
  readonly began: number;
  readonly traffic: Traffic;
  readonly receiver: Receiver;
  readonly relay: Relay;
  readonly say: (line: string) => void;
}

export interface Progress {
  /** Says what is happening from now on. */
  phase(name: string): void;
  stop(): void;
}

export function watch({ began, traffic, receiver, relay, say }: Watched): Progress {
  let current = "killing";
  const tell = () => {
    let [acked, promised] = [0, 0];
    for (const { acks, destinations } of traffic.sent) {
      if (acks === 0) continue;
      acked += 1;
      promised += destinations.length;
    }
    const kills = relay.lives.filter(({ killed }) => killed !== null).length;
    const seconds = Math.round((Date.now() - began) / 1_000);
    const open = Math.max(0, promised - receiver.delivered.size);
    const counts = `${grouped(acked)} acked, ${grouped(receiver.delivered.size)} delivered, ${grouped(open)} open`;
    say(`${String(seconds).padStart(5)} s  ${current.padEnd(10)}  ${counts}; ${kills} kills`);
  };
  const timer = setInterval(tell, EVERY_MS);
  return {
    phase(name) {
      current = name;
      tell();
    },
    stop: () => clearInterval(timer),
  };
}
