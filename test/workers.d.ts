// The names of the Workers runtime that src/d1, src/intake and src/feed use, for the tests that run the real bindings in Node.
import type * as workers from "@cloudflare/workers-types";

declare global {
  type D1Database = workers.D1Database;
  type DurableObjectStorage = workers.DurableObjectStorage;
  type SqlStorage = workers.SqlStorage;
}
