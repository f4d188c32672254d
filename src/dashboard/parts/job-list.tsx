// A list of what runs at the relay by itself once it was ordered: bulk replays, and deletions of a subject.
import type { Child } from "hono/jsx";
import { Empty, Foreign, When } from "./parts.tsx";

/** One job, whatever its kind. */
interface Listed {
  readonly href: string;
  readonly what: string;
  readonly state: Child;
  readonly count: Child;
  readonly actor: string;
  readonly createdAt: string;
}

interface JobListProps {
  readonly title: string;
  /** What such a job does, where there is none yet. */
  readonly none: string;
  /** Titles of the columns that depend on the kind. */
  readonly columns: { readonly count: string; readonly at: string };
  readonly jobs: readonly Listed[];
  readonly now: number;
}

export function JobList({ title, none, columns, jobs, now }: JobListProps) {
  return (
    <section aria-labelledby="all">
      <h2 id="all">{title}</h2>
      {jobs.length === 0 ? (
        <Empty title="None yet">
          <p>{none}</p>
        </Empty>
      ) : (
        <div class="list">
          <table class="stacked">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">State</th>
                <th scope="col" class="num">
                  {columns.count}
                </th>
                <th scope="col">By</th>
                <th scope="col">{columns.at}</th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <tr>
                  <th scope="row" class="what">
                    <a href={job.href}>
                      <Foreign text={job.what} />
                    </a>
                  </th>
                  <td data-label="State">{job.state}</td>
                  <td data-label={columns.count} class="num">
                    {job.count}
                  </td>
                  <td data-label="By">
                    <Foreign text={job.actor} />
                  </td>
                  <td data-label={columns.at}>
                    <When at={job.createdAt} now={now} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
