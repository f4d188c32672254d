// In which ways does a receiver fail? One entry per destination; each gets a request that was proven and noted, and answers it somehow.
import type { ServerResponse } from "node:http";
import type { Arrival } from "./receiver.ts";

/** What a destination does with its `heard`-th request for an event, from 1. */
export interface Moment {
  readonly response: ServerResponse;
  readonly arrival: Arrival;
  /** Notes the status as said; a whole answer notes itself. */
  readonly said: (status: number) => void;
  readonly heard: number;
  /** The same number of [0, 1) for every request of one delivery. */
  readonly luck: number;
}

/** Which share of their events the destinations that cost the relay 15 s each time treat that way. */
const SILENT = 1 / 12;
const HUGE = Buffer.alloc(64 * 1024, "hookline ");

const yes = ({ response }: Moment) => void response.writeHead(200, { "content-type": "text/plain" }).end("thank you");
const no = ({ response }: Moment, status: number, headers: Record<string, string> = {}) =>
  void response.writeHead(status, { "content-type": "text/plain", ...headers }).end("not now");

/** Where redirects point: nothing may ever arrive there. */
const TRAP = "/trap";

/** While faults are on. Off, only `gone` stays as it is: what has been said once for all is not taken back. */
export const BEHAVIOUR: Readonly<Record<string, { readonly says: string; readonly does: (moment: Moment) => void }>> = {
  steady: { says: "200 at once", does: yes },
  vault: { says: "200 at once", does: yes },
  slow: { says: "200 after 0.3 s", does: (moment) => void setTimeout(yes, 300, moment) },
  flaky: { says: "503 twice, then 200", does: (moment) => (moment.heard <= 2 ? no(moment, 503) : yes(moment)) },
  limits: {
    says: "429 with Retry-After: 2, then 200",
    does: (moment) => (moment.heard === 1 ? no(moment, 429, { "retry-after": "2" }) : yes(moment)),
  },
  resets: {
    says: "connection reset in the middle of a 200, which is a yes",
    does(moment) {
      if (moment.heard > 1) return yes(moment);
      const { response, said } = moment;
      response.writeHead(200, { "content-length": "100" });
      // The status that came is what counts. Where the reset overtakes it, the relay comes again and is told more calmly.
      response.write("half of the answer", () => {
        said(200);
        setTimeout(() => response.socket?.resetAndDestroy(), 200);
      });
    },
  },
  hangs: {
    says: "one event in 12: no answer at first, then 200",
    does: (moment) => (moment.heard === 1 && moment.luck < SILENT ? undefined : yes(moment)),
  },
  trickles: {
    says: "one event in 12: a 200 at one byte a second, which is a yes",
    does(moment) {
      if (moment.heard > 1 || moment.luck >= SILENT) return yes(moment);
      const { response, said } = moment;
      response.writeHead(200, { "content-length": "1000" });
      said(200);
      const drip = setInterval(() => response.write("."), 1_000);
      response.once("close", () => clearInterval(drip));
    },
  },
  floods: {
    says: "200 with 10 MB",
    does({ response, said }) {
      response.writeHead(200);
      // The relay hangs up when it has heard enough, and it has heard the yes.
      said(200);
      let left = 10_000_000;
      const pour = () => {
        while (left > 0) {
          left -= HUGE.length;
          if (!response.write(HUGE)) return void response.once("drain", pour);
        }
        response.end();
      };
      pour();
    },
  },
  moves: { says: "302, always", does: (moment) => no(moment, 302, { location: TRAP }) },
  desk: { says: "200 at once, through a tunnel and `hookline listen`", does: yes },
  gone: { says: "410 for half of the events", does: (moment) => (moment.luck < 0.5 ? no(moment, 410) : yes(moment)) },
};

/** With faults off. */
export function behave(moment: Moment): void {
  if (moment.arrival.destination === "gone") BEHAVIOUR["gone"]?.does(moment);
  else yes(moment);
}
