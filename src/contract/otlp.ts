// How metrics are pushed, in words that the configuration and the Feed object share. Types only.

/** Whether each push tells everything since counting began, or what is new since the last one. */
export type Temporality = "cumulative" | "delta";
