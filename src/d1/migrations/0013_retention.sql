-- Why an event has no body any more, and since when, as JSON. NULL for all others.
ALTER TABLE events ADD COLUMN gone TEXT;

-- How far the only retention had looked: each has a place of its own now.
DELETE FROM marks WHERE name = 'expiry';
