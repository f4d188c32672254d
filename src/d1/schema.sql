-- The schema as it is: what a new database gets, in transactions of some statements each (docs/adr/0043 and 0045).
-- `migrations/` brings older databases to the same, and a test compares the two. docs/storage.md explains every column.

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
  parts INTEGER NOT NULL,
  -- 1 for one that goes nowhere; routes that could not say whether they want it. Nearly every event is neither, and stands in neither index.
  unrouted INTEGER,
  undecided TEXT,
  -- The object that a thin event names, as JSON with its path and when it was fetched: beside the event, never in its place. NULL for all others.
  object TEXT,
  -- Why an event has no body any more, and since when, as JSON. NULL for all others.
  gone TEXT
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
  -- How often a sender's repeat has opened this delivery since it was made, or since an operator replayed it. It may do so a few times only.
  repeats INTEGER NOT NULL DEFAULT 0,
  -- Why a held delivery waits: 'pause' or 'breaker'. Those that were held before this column waited for a pause.
  waits TEXT,
  -- Of a delivery that was made because another of its event had failed: of which, and how, as JSON. NULL for all others.
  story TEXT,
  -- 1 where the route transformed what goes there when the event was routed: without that route it may not go there as it came. NULL for all others.
  transform INTEGER,
  -- What two events have in common that must not overtake each other: a hash, NULL where nobody asks for order, and from the first success on.
  order_key TEXT,
  -- Of a delivery whose answer the sender waited for: after how many ms it got it, or why it did not, as JSON. NULL for all others.
  replied TEXT,
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

-- Where the piece of a body is an object of the bucket EVENT_BODIES, its row is empty. Whatever deletes the row leaves a mark with the
-- object's key, in the same transaction: the sweep removes the object, and then the mark.
CREATE TRIGGER piece_leaves AFTER DELETE ON event_parts WHEN OLD.data = '' BEGIN INSERT INTO marks (name, value, at) VALUES ('bodies/' || OLD.receipt || '/' || OLD.n, OLD.event, CAST(unixepoch('subsec') * 1000 AS INTEGER)) ON CONFLICT DO NOTHING; END;

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

-- Bulk replays, and with `erasure` deletions of a subject: what was asked for, and how far it has come. `at_event`, `at_destination` are the place of the last delivery that was
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
  ended_at INTEGER,
  erasure TEXT
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

CREATE INDEX events_unrouted ON events (seq) WHERE unrouted IS NOT NULL;

CREATE INDEX events_undecided ON events (seq) WHERE undecided IS NOT NULL;

-- Destinations whose last attempts have failed. docs/storage.md explains every column. A destination that answers has no row. Times are by
-- D1's own clock: isolates whose clocks differ count towards the same breaker. `probe` is the one event that may be sent while it is open;
-- `closed_at` stands while what has waited is let go step by step, the next one at `release_at`.
CREATE TABLE breakers (
  destination TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  since INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  status INTEGER,
  fault TEXT,
  opened_at INTEGER,
  probe INTEGER,
  probes INTEGER NOT NULL DEFAULT 0,
  probe_at INTEGER,
  closed_at INTEGER,
  release_at INTEGER
) WITHOUT ROWID;

-- An attempt that was settled is counted in the very transaction that settles it, whoever does that, and once: the delivery leaves
-- `delivering` once. What was lost, given back or cancelled, and what the receiver has refused for itself alone, says nothing about the destination.
CREATE TRIGGER breaker_counts AFTER UPDATE OF state ON deliveries WHEN OLD.state = 'delivering' AND NEW.state IN ('pending', 'failed') AND NEW.attempt = OLD.attempt AND NEW.started_at IS NOT OLD.started_at AND coalesce(NEW.reason, 'exhausted') = 'exhausted' AND (NEW.status IS NOT NULL OR NEW.fault IN ('timeout', 'connection')) BEGIN INSERT INTO breakers (destination, failures, since, last_at, status, fault) VALUES (NEW.destination, 1, CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER), NEW.status, NEW.fault) ON CONFLICT (destination) DO UPDATE SET failures = failures + 1, since = iif(failures = 0, excluded.since, min(since, excluded.since)), last_at = excluded.last_at, status = excluded.status, fault = excluded.fault WHERE opened_at IS NULL; UPDATE breakers SET probe = NULL, probes = probes + 1, probe_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + min(1000 << min(probes, 6), 60000), status = NEW.status, fault = NEW.fault WHERE destination = NEW.destination AND opened_at IS NOT NULL AND probe = NEW.event; END;

CREATE TRIGGER breaker_counts_first AFTER INSERT ON deliveries WHEN NEW.attempt = 1 AND NEW.state IN ('pending', 'failed') AND coalesce(NEW.reason, 'exhausted') = 'exhausted' AND (NEW.status IS NOT NULL OR NEW.fault IN ('timeout', 'connection')) BEGIN INSERT INTO breakers (destination, failures, since, last_at, status, fault) VALUES (NEW.destination, 1, CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER), NEW.status, NEW.fault) ON CONFLICT (destination) DO UPDATE SET failures = failures + 1, since = iif(failures = 0, excluded.since, min(since, excluded.since)), last_at = excluded.last_at, status = excluded.status, fault = excluded.fault WHERE opened_at IS NULL; END;

-- A success ends the row of failures, and closes what was open. Where nothing has failed both find nothing.
CREATE TRIGGER breaker_closes AFTER UPDATE OF state ON deliveries WHEN NEW.state = 'delivered' AND OLD.state <> 'delivered' BEGIN DELETE FROM breakers WHERE destination = NEW.destination AND opened_at IS NULL AND closed_at IS NULL; UPDATE breakers SET failures = 0, opened_at = NULL, probe = NULL, probe_at = NULL, closed_at = CAST(unixepoch('subsec') * 1000 AS INTEGER), release_at = coalesce(release_at, 0) WHERE destination = NEW.destination AND (opened_at IS NOT NULL OR failures > 0); END;

CREATE TRIGGER breaker_closes_first AFTER INSERT ON deliveries WHEN NEW.state = 'delivered' BEGIN DELETE FROM breakers WHERE destination = NEW.destination AND opened_at IS NULL AND closed_at IS NULL; UPDATE breakers SET failures = 0, opened_at = NULL, probe = NULL, probe_at = NULL, closed_at = CAST(unixepoch('subsec') * 1000 AS INTEGER), release_at = coalesce(release_at, 0) WHERE destination = NEW.destination AND (opened_at IS NOT NULL OR failures > 0); END;

-- What is open, and what has failed, in the order of the events. No delivery without a key stands in either.
CREATE INDEX deliveries_in_order ON deliveries (destination, order_key, event) WHERE order_key IS NOT NULL AND ended_at IS NULL;
CREATE INDEX deliveries_out_of_order ON deliveries (destination, order_key, event) WHERE order_key IS NOT NULL AND state = 'failed' AND reason <> 'cancelled';

-- One that has ended lets the next go, in the very transaction that ends it, whoever does that. Whoever knows rings; if nobody does, the sweep.
CREATE TRIGGER order_goes_on AFTER UPDATE OF state ON deliveries WHEN NEW.order_key IS NOT NULL AND NEW.state IN ('delivered', 'failed') AND (OLD.ended_at IS NULL OR OLD.reason IS NOT NEW.reason) BEGIN UPDATE deliveries SET waits = NULL, look_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + 60000 WHERE destination = NEW.destination AND waits = 'order' AND event = (SELECT o.event FROM deliveries o INDEXED BY deliveries_in_order WHERE o.order_key IS NOT NULL AND o.ended_at IS NULL AND o.destination = NEW.destination AND o.order_key = NEW.order_key ORDER BY o.event LIMIT 1); END;

-- What somebody is told of. docs/storage.md explains every column. `notice` names the notice that it began, which several alerts may share;
-- `owes` is one that is still to be sent, as JSON.
-- `told` is 0 while nobody was told, 1 once it was told that it began, 2 that it is over.
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  since INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  ended_at INTEGER,
  count INTEGER NOT NULL,
  context TEXT NOT NULL,
  notice TEXT,
  owes TEXT,
  told INTEGER NOT NULL DEFAULT 0,
  told_at INTEGER
);
-- One at a time for each cause, however many isolates look.
CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject) WHERE ended_at IS NULL;

-- Deliveries that have failed for good (`failed`), and those that went to a destination for dead letters (`letters`), by destination, until an
-- alert of them is over. Counted in the very transaction that ends them, by D1's own clock. What the relay itself says is not counted: a
-- notice that cannot be delivered would be the cause of the next one.
CREATE TABLE failures (
  kind TEXT NOT NULL,
  destination TEXT NOT NULL,
  count INTEGER NOT NULL,
  since INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  event INTEGER NOT NULL,
  reason TEXT,
  status INTEGER,
  fault TEXT,
  PRIMARY KEY (kind, destination)
) WITHOUT ROWID;
CREATE TRIGGER failures_count AFTER UPDATE OF state ON deliveries WHEN NEW.state = 'failed' AND OLD.state <> 'failed' AND NEW.reason IS NOT 'cancelled' AND (SELECT source FROM events WHERE seq = NEW.event) IS NOT 'hookline' BEGIN INSERT INTO failures (kind, destination, count, since, last_at, event, reason, status, fault) VALUES ('failed', NEW.destination, 1, CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER), NEW.event, NEW.reason, NEW.status, NEW.fault) ON CONFLICT (kind, destination) DO UPDATE SET count = count + 1, last_at = excluded.last_at, event = excluded.event, reason = excluded.reason, status = excluded.status, fault = excluded.fault; END;
CREATE TRIGGER failures_count_first AFTER INSERT ON deliveries WHEN ((NEW.state = 'failed' AND NEW.reason IS NOT 'cancelled') OR NEW.story IS NOT NULL) AND (SELECT source FROM events WHERE seq = NEW.event) IS NOT 'hookline' BEGIN INSERT INTO failures (kind, destination, count, since, last_at, event, reason, status, fault) VALUES (iif(NEW.story IS NULL, 'failed', 'letters'), NEW.destination, 1, CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER), NEW.event, iif(NEW.story IS NULL, NEW.reason, NEW.story->>'destination'), NEW.status, NEW.fault) ON CONFLICT (kind, destination) DO UPDATE SET count = count + 1, last_at = excluded.last_at, event = excluded.event, reason = excluded.reason, status = excluded.status, fault = excluded.fault; END;

-- Tunnels that somebody listens to: docs/storage.md. `session` is new for each listener, so that a late word of one who has gone does not
-- undo that another has come.
CREATE TABLE listeners (
  destination TEXT PRIMARY KEY,
  session TEXT NOT NULL,
  since INTEGER NOT NULL
) WITHOUT ROWID;

-- What an operator has muted for a while: nobody is told that it begins. An empty name stands for all rules, or all subjects.
CREATE TABLE mutes (
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  until INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  PRIMARY KEY (rule, subject)
) WITHOUT ROWID;

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
