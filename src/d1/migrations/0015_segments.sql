-- What the archive has: one row for each object of the bucket, and none for an event. docs/storage.md explains every column.
CREATE TABLE segments (
  key TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('writing', 'kept', 'stale', 'leaving')),
  at INTEGER NOT NULL,
  events INTEGER NOT NULL,
  size INTEGER NOT NULL,
  sources TEXT NOT NULL,
  ids TEXT NOT NULL,
  going TEXT
) WITHOUT ROWID;
-- What is still to be done to a segment. Those that are kept do not stand in it.
CREATE INDEX segments_open ON segments (state) WHERE state <> 'kept';
