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
