// What uPlot.iife.min.js leaves behind for overview.client.js, and what renew.client.js tells it.
import type Plot from "uplot";

declare global {
  const uPlot: typeof Plot;

  interface DocumentEventMap {
    /** The page as it would be if it were asked for now. */
    renewed: CustomEvent<Document>;
  }
}
