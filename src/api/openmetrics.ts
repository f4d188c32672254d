// /metrics: the relay's numbers as OpenMetrics text (https://prometheus.io/docs/specs/om/open_metrics_spec/).
// The libraries that write this format keep the numbers themselves, in one process; here they are read from the relay.
import { type Access, embedded } from "../access/access.ts";
import { problem } from "../errors.ts";
import type { Family } from "../operate/metrics.ts";

/** What Prometheus asks for by this name; others read it as the text that it is. */
const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** Answers a scraper that may look. There is one form of the answer, whatever `Accept` says. */
export async function scraped(
  request: Request,
  { access, operator }: { access: Pick<Access, "identify">; operator: { metrics: () => Promise<readonly Family[]> } },
): Promise<Response> {
  const caller = await access.identify(request);
  if (caller === null)
    return problem({ status: 401, title: "Unauthorized", headers: { "www-authenticate": "Bearer" } });
  if (embedded(request, caller)) return problem({ status: 403, title: "Forbidden" });
  return new Response(openMetricsText(await operator.metrics()), {
    headers: {
      "content-type": OPENMETRICS,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    },
  });
}

/** The whole exposition, down to its `# EOF`. Families without a number are left out. */
export function openMetricsText(families: readonly Family[]): string {
  const lines = families.flatMap(({ name, type, unit, help, samples }) =>
    samples.length === 0
      ? []
      : [
          `# TYPE ${name} ${type}`,
          ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
          `# HELP ${name} ${escaped(help)}`,
          ...samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${labelsOf(labels)} ${value}`),
        ],
  );
  return `${[...lines, "# EOF"].join("\n")}\n`;
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return all.length === 0 ? "" : `{${all.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
