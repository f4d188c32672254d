// What may a test say of itself to test/reporter.ts? In `{ meta: { … } }`, before its function.

/** Names of events in the relay's log. */
export type Provoked = readonly string[];

declare module "vitest" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- vitest's interface is what is added to
  interface TaskMeta {
    /** Events that this test makes the relay log as errors: all others are printed at the end of a run. */
    provokes?: Provoked;
  }
}
