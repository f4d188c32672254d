-- A job of `replays` that deletes all of a subject: what it looks for, as a digest, and how far it has come, as JSON.
ALTER TABLE replays ADD COLUMN erasure TEXT;
