// Numbers as OpenMetrics text: https://prometheus.io/docs/specs/om/open_metrics_spec/. Pure.
// The libraries that write this format keep the numbers themselves, in one process; here they are read from the relay.
import type { Family } from "../operate/metrics.ts";

/** What Prometheus asks for by this name; others read it as the text that it is. */
export const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

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
