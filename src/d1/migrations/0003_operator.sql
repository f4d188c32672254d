-- Who may look and act, what is paused, what is being replayed, what arrived at the inspectors. docs/storage.md explains every column.

-- Keys for programs and people. `hash` is the SHA-256 of the secret, which nobody can read again. The audit tells them apart by their
-- names, which are never given again.
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) WITHOUT ROWID;

-- Browsers that have signed in. `hash` is the SHA-256 of the cookie; `proof` ends the session with the token or key it was opened with.
-- Twenty of each at most, so that the table needs no index.
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  key TEXT,
  proof TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Destinations that get nothing for now.
CREATE TABLE pauses (
  destination TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL
) WITHOUT ROWID;

-- Finds what waits for a paused destination; no row of the ordinary way enters it.
CREATE INDEX deliveries_held ON deliveries (destination, event) WHERE state = 'held';

-- Bulk replays: what was asked for, and how far it has come. `at_event`, `at_destination` are the place of the last delivery that was
-- looked at; `next_at` is when the next step is due, and NULL once it has ended.
CREATE TABLE replays (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'cancelled')),
  filter TEXT NOT NULL,
  actor TEXT NOT NULL,
  rate INTEGER NOT NULL,
  expected INTEGER NOT NULL,
  expected_complete INTEGER NOT NULL,
  replayed INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  at_event INTEGER NOT NULL,
  at_destination TEXT NOT NULL,
  looked_back_to INTEGER,
  next_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER
) WITHOUT ROWID;

CREATE INDEX replays_next ON replays (next_at) WHERE next_at IS NOT NULL;

-- The last requests that arrived at each inspector, and what it answers where that is not what its configuration says.
CREATE TABLE inspections (
  seq INTEGER PRIMARY KEY,
  destination TEXT NOT NULL,
  event TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  nth INTEGER NOT NULL,
  at INTEGER NOT NULL,
  headers TEXT NOT NULL,
  size INTEGER NOT NULL,
  encoding TEXT NOT NULL CHECK (encoding IN ('text', 'base64')),
  proven INTEGER NOT NULL,
  script TEXT NOT NULL,
  body TEXT NOT NULL
);

CREATE INDEX inspections_destination ON inspections (destination, seq);

CREATE TABLE scripts (
  destination TEXT PRIMARY KEY,
  script TEXT NOT NULL
) WITHOUT ROWID;

-- What is in the audit stays there as it is, whoever asks.
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
