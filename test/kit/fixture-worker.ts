// The pages over a relay that is in every state at once: which one, and who looks, is said by headers.
import { allows } from "../../src/access/access.ts";
import { role } from "../../src/contract/access.ts";
import { readConfig } from "../../src/config/config.ts";
import { dashboard } from "../../src/dashboard/dashboard.tsx";
import { openLog } from "../../src/log.ts";
import type { Operator } from "../../src/operate/open.ts";
import { BodyReader } from "../../src/in/read.ts";
import { emptyOperator, fullOperator, shownOperator, wideOperator } from "./fixture.ts";
import { NOW } from "./fixture-words.ts";

const OPERATORS: Readonly<Record<string, () => Operator>> = {
  full: fullOperator,
  empty: emptyOperator,
  wide: wideOperator,
  shown: shownOperator,
};

const config = readConfig({
  SOURCES: { github: { provider: "github" }, stripe: { provider: "stripe" }, asana: { provider: "asana" } },
  DESTINATIONS: { billing: { url: "https://billing.example/" }, ledger: { url: "https://ledger.example/" } },
});

function pagesOver(operator: Operator) {
  return dashboard({
    operator,
    access: {
      identify: (request) => {
        const given = role.safeParse(request.headers.get("x-role"));
        const as = given.success ? given.data : "admin";
        return Promise.resolve({ actor: as, role: as, how: "session" });
      },
      signIn: () => Promise.resolve(null),
      signOut: () => Promise.resolve(""),
      sameOrigin: () => true,
      allows,
    },
    config,
    now: () => Date.parse(NOW),
    newId: () => crypto.randomUUID().replaceAll("-", ""),
    log: openLog("error"),
    floodGuard: () => Promise.resolve(true),
    bodies: new BodyReader(() => Date.now()),
  });
}

const pages = new Map(Object.entries(OPERATORS).map(([name, make]) => [name, pagesOver(make())]));

// oxlint-disable-next-line import/no-default-export -- the Workers runtime asks for it
export default {
  fetch(request: Request): Response | Promise<Response> {
    const shown = pages.get(request.headers.get("x-fixture") ?? "full");
    return shown === undefined ? new Response("no such fixture", { status: 404 }) : shown.fetch(request);
  },
};
