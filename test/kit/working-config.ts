// A relay that works, from which the configuration tests depart.
/** A relay that works: one source, one destination, one route. */
export const working = {
  SOURCES: { github: { provider: "github" } },
  DESTINATIONS: { billing: { url: "https://billing.example.com/webhooks" } },
  ROUTES: { money: { from: "github", to: "billing" } },
  GITHUB_SECRET: "it's a secret",
  SIGNING_KEY: "k".repeat(32),
  ADMIN_TOKEN: "t".repeat(32),
};
