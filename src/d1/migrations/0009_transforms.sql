-- 1 where the route transformed what goes there when the event was routed: without that route it may not go there as it came. NULL for all others.
ALTER TABLE deliveries ADD COLUMN transform INTEGER;
