-- Events that go nowhere, and those of which a route could not say whether it wants them. Nearly every event is neither, and stands in none of the indexes.
ALTER TABLE events ADD COLUMN unrouted INTEGER;
ALTER TABLE events ADD COLUMN undecided TEXT;
CREATE INDEX events_unrouted ON events (seq) WHERE unrouted IS NOT NULL;
CREATE INDEX events_undecided ON events (seq) WHERE undecided IS NOT NULL;
