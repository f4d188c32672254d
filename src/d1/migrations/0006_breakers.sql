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

-- Why a held delivery waits: 'pause' or 'breaker'. Those that were held before this column waited for a pause.
ALTER TABLE deliveries ADD COLUMN waits TEXT;

-- An attempt that was settled is counted in the very transaction that settles it, whoever does that, and once: the delivery leaves
-- `delivering` once. What was lost, given back or cancelled, and what the receiver has refused for itself alone, says nothing about the destination.
CREATE TRIGGER breaker_counts AFTER UPDATE OF state ON deliveries WHEN OLD.state = 'delivering' AND NEW.state IN ('pending', 'failed') AND NEW.attempt = OLD.attempt AND NEW.started_at IS NOT OLD.started_at AND coalesce(NEW.reason, 'exhausted') = 'exhausted' AND (NEW.status IS NOT NULL OR NEW.fault IN ('timeout', 'connection')) BEGIN INSERT INTO breakers (destination, failures, since, last_at, status, fault) VALUES (NEW.destination, 1, CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER), NEW.status, NEW.fault) ON CONFLICT (destination) DO UPDATE SET failures = failures + 1, since = iif(failures = 0, excluded.since, min(since, excluded.since)), last_at = excluded.last_at, status = excluded.status, fault = excluded.fault WHERE opened_at IS NULL; UPDATE breakers SET probe = NULL, probes = probes + 1, probe_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + min(1000 << min(probes, 6), 60000), status = NEW.status, fault = NEW.fault WHERE destination = NEW.destination AND opened_at IS NOT NULL AND probe = NEW.event; END;
CREATE TRIGGER breaker_counts_first AFTER INSERT ON deliveries WHEN NEW.attempt = 1 AND NEW.state IN ('pending', 'failed') AND coalesce(NEW.reason, 'exhausted') = 'exhausted' AND (NEW.status IS NOT NULL OR NEW.fault IN ('timeout', 'connection')) BEGIN INSERT INTO breakers (destination, failures, since, last_at, status, fault) VALUES (NEW.destination, 1, CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER), NEW.status, NEW.fault) ON CONFLICT (destination) DO UPDATE SET failures = failures + 1, since = iif(failures = 0, excluded.since, min(since, excluded.since)), last_at = excluded.last_at, status = excluded.status, fault = excluded.fault WHERE opened_at IS NULL; END;

-- A success ends the row of failures, and closes what was open. Where nothing has failed both find nothing.
CREATE TRIGGER breaker_closes AFTER UPDATE OF state ON deliveries WHEN NEW.state = 'delivered' AND OLD.state <> 'delivered' BEGIN DELETE FROM breakers WHERE destination = NEW.destination AND opened_at IS NULL AND closed_at IS NULL; UPDATE breakers SET failures = 0, opened_at = NULL, probe = NULL, probe_at = NULL, closed_at = CAST(unixepoch('subsec') * 1000 AS INTEGER), release_at = coalesce(release_at, 0) WHERE destination = NEW.destination AND (opened_at IS NOT NULL OR failures > 0); END;
CREATE TRIGGER breaker_closes_first AFTER INSERT ON deliveries WHEN NEW.state = 'delivered' BEGIN DELETE FROM breakers WHERE destination = NEW.destination AND opened_at IS NULL AND closed_at IS NULL; UPDATE breakers SET failures = 0, opened_at = NULL, probe = NULL, probe_at = NULL, closed_at = CAST(unixepoch('subsec') * 1000 AS INTEGER), release_at = coalesce(release_at, 0) WHERE destination = NEW.destination AND (opened_at IS NOT NULL OR failures > 0); END;
