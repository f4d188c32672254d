// What live.client.js puts on the document, for the scripts beside it: the shapes of src/contract/overview.ts.
import type { News as OneOfThem } from "../../contract/overview.ts";

declare global {
  type News = OneOfThem;
  type EventNews = Extract<News, { kind: "event" }>;
  type DeliveryNews = Extract<News, { kind: "delivery" }>;

  interface DocumentEventMap {
    news: CustomEvent<News[]>;
    connected: Event;
  }
}
