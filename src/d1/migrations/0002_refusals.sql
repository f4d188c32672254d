-- Why senders were turned away, what providers say of their addresses, and secrets that were handed over. docs/storage.md explains every column.

-- The last refusals of each source: a few of each kind, so that a flood of one kind does not wash away the others.
CREATE TABLE refusals (
  seq INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  at INTEGER NOT NULL,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL,
  code TEXT NOT NULL,
  advice TEXT NOT NULL,
  address TEXT NOT NULL,
  evidence TEXT NOT NULL
);

CREATE INDEX refusals_source ON refusals (source, seq);

-- The address lists that providers publish: the last good one of each, and when it is to be asked for again.
CREATE TABLE address_lists (
  provider TEXT PRIMARY KEY,
  networks TEXT,
  refreshed_at INTEGER,
  next_at INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  fault TEXT
) WITHOUT ROWID;

-- Secrets that a provider handed over in its first request, sealed under ADMIN_TOKEN, until the operator has seen them once or an hour is over.
CREATE TABLE offered_secrets (
  seq INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  at INTEGER NOT NULL,
  address TEXT NOT NULL,
  sealed TEXT NOT NULL
);
