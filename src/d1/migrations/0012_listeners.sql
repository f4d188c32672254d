-- Tunnels that somebody listens to: docs/storage.md. `session` is new for each listener, so that a late word of one who has gone does not
-- undo that another has come.
CREATE TABLE listeners (
  destination TEXT PRIMARY KEY,
  session TEXT NOT NULL,
  since INTEGER NOT NULL
) WITHOUT ROWID;
