// The names of the Workers runtime that src/d1, src/out, src/intake and src/feed use, for the tests that run in Node.
import type * as workers from "@cloudflare/workers-types";

declare global {
  type D1Database = workers.D1Database;
  type D1Meta = workers.D1Meta;
  type D1PreparedStatement = workers.D1PreparedStatement;
  type DurableObjectStorage = workers.DurableObjectStorage;
  type Queue<Message> = workers.Queue<Message>;
  type SqlStorage = workers.SqlStorage;
  type SqlStorageValue = workers.SqlStorageValue;
}
