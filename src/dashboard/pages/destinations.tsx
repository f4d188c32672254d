// `/destinations`: where events go, and which of the receivers needs somebody.
import { Hono } from "hono";
import { DestinationRows } from "../parts/destination-rows.tsx";
import { destinationPages } from "./destination.tsx";
import { flashOf } from "../words/flash.ts";
import { Page } from "../parts/layout.tsx";
import { type PageDeps, type PageEnv, show } from "../page.tsx";
import { Empty } from "../parts/parts.tsx";

export function destinationsPages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/destinations", async (c) => {
    const destinations = await deps.operator.destinations();
    return show(
      c,
      <Page
        title="Destinations"
        caller={c.var.caller}
        current="destinations"
        flash={flashOf(new URL(c.req.url))}
        styles={["operate.css"]}
      >
        <h1>Destinations</h1>
        {destinations.length === 0 ? (
          <NoDestination />
        ) : (
          <>
            <DestinationRows destinations={destinations} now={deps.now()} />
            <p class="note">
              Counts and latencies are of the last 24 hours. The scale of the latencies reaches from 1 ms to 100 s.
            </p>
          </>
        )}
      </Page>,
    );
  });
  app.route("/", destinationPages(deps));
  return app;
}

/** What to write where there is no destination yet. */
export function NoDestination() {
  return (
    <Empty title="No destination yet">
      <p>
        Name one under <code>[vars.DESTINATIONS]</code> in <code>wrangler.toml</code> and deploy.
      </p>
    </Empty>
  );
}
