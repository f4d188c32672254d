-- 1 where the route transformed what goes there when the event was routed: without that route it may not go there as it came. NULL for all others.
ALTER TABLE deliveries ADD COLUMN transform INTEGER;

-- The object that a thin event names, as JSON with its path and when it was fetched: beside the event, never in its place. NULL for all others.
ALTER TABLE events ADD COLUMN object TEXT;
