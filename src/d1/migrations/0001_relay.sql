-- What the relay keeps. docs/storage.md explains every column; rows written per event are counted by `npm run bench`.

-- One row an accepted event. A rowid table: bodies in a WITHOUT ROWID table take 3.4 times the space.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  receipt TEXT NOT NULL,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  verified_by TEXT,
  headers TEXT NOT NULL,
  encoding TEXT NOT NULL CHECK (encoding IN ('text', 'base64')),
  size INTEGER NOT NULL,
  body TEXT,
  parts INTEGER NOT NULL
);

-- Bodies over 256 KB, written before the event is accepted; orphans are removed by the sweep.
CREATE TABLE event_parts (
  seq INTEGER PRIMARY KEY,
  receipt TEXT NOT NULL,
  n INTEGER NOT NULL,
  event TEXT NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (receipt, n)
);

-- One row a destination of an event. The key is the invariant: at most one delivery per event and destination.
CREATE TABLE deliveries (
  event INTEGER NOT NULL,
  destination TEXT NOT NULL,
  route TEXT NOT NULL,
  receipt TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivering', 'delivered', 'failed', 'held')),
  reason TEXT,
  attempt INTEGER NOT NULL DEFAULT 0,
  round INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  look_at INTEGER,
  started_at INTEGER,
  latency_ms INTEGER,
  status INTEGER,
  fault TEXT,
  excerpt TEXT,
  ended_at INTEGER,
  PRIMARY KEY (event, destination)
) WITHOUT ROWID;

-- Both are partial: a delivery that succeeds leaves the first and never enters the second.
CREATE INDEX deliveries_look_at ON deliveries (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (event) WHERE state = 'failed';

-- Attempts that have a story to tell: every one but a success at the first try, which stays in its delivery.
CREATE TABLE attempts (
  event INTEGER NOT NULL,
  destination TEXT NOT NULL,
  n INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  latency_ms INTEGER,
  status INTEGER,
  fault TEXT,
  outcome TEXT NOT NULL CHECK (outcome IN ('delivered', 'retry', 'failed', 'lost')),
  excerpt TEXT,
  next_due INTEGER,
  PRIMARY KEY (event, destination, n)
) WITHOUT ROWID;

-- Who asked for what. Append-only.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT
);

-- Small facts of the relay itself: how far the sweep has looked for orphans, what an Idempotency-Key was answered.
CREATE TABLE marks (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE VIEW delivery_history AS
SELECT
  e.id || ':' || d.destination AS delivery,
  e.id AS event,
  e.source,
  e.type,
  d.destination,
  d.route,
  d.state,
  d.reason,
  d.attempt AS attempts,
  d.status,
  d.fault,
  d.latency_ms,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.received_at / 1000.0, 'unixepoch') AS received_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', d.started_at / 1000.0, 'unixepoch') AS last_attempt_at,
  CASE WHEN d.state = 'pending' THEN strftime('%Y-%m-%dT%H:%M:%fZ', d.due_at / 1000.0, 'unixepoch') END AS next_attempt_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', d.ended_at / 1000.0, 'unixepoch') AS ended_at,
  d.excerpt AS answer,
  e.seq
FROM deliveries d
JOIN events e ON e.seq = d.event;

-- Written so that a condition on `seq` reaches both halves: the story of one event is a handful of rows read, not the whole table.
CREATE VIEW attempt_history AS
SELECT
  e.id || ':' || a.destination AS delivery,
  e.id AS event,
  e.source,
  e.type,
  a.destination,
  a.n AS attempt,
  a.outcome,
  a.status,
  a.fault,
  a.latency_ms,
  strftime('%Y-%m-%dT%H:%M:%fZ', a.started_at / 1000.0, 'unixepoch') AS started_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', a.next_due / 1000.0, 'unixepoch') AS next_attempt_at,
  a.excerpt AS answer,
  e.seq
FROM attempts a
JOIN events e ON e.seq = a.event
UNION ALL
SELECT
  e.id || ':' || d.destination,
  e.id,
  e.source,
  e.type,
  d.destination,
  1,
  'delivered',
  d.status,
  d.fault,
  d.latency_ms,
  strftime('%Y-%m-%dT%H:%M:%fZ', d.started_at / 1000.0, 'unixepoch'),
  NULL,
  d.excerpt,
  e.seq
FROM deliveries d
JOIN events e ON e.seq = d.event
WHERE d.attempt = 1 AND d.state = 'delivered'
  AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.event = d.event AND a.destination = d.destination AND a.n = 1);

-- Two halves again: each has a partial index of its own.
CREATE VIEW failing AS
SELECT * FROM delivery_history WHERE state = 'failed'
UNION ALL
SELECT h.*
FROM deliveries d
JOIN delivery_history h ON h.seq = d.event AND h.destination = d.destination
WHERE d.look_at IS NOT NULL AND d.state = 'pending' AND d.attempt > 0;
