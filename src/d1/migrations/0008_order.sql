-- Destinations that get their events in order. docs/storage.md explains the column, docs/adr/0036 the way it works. What two events have in
-- common that must not overtake each other: a hash, NULL where nobody asks for order, and from the first success on.
ALTER TABLE deliveries ADD COLUMN order_key TEXT;

-- What is open, and what has failed, in the order of the events. No delivery without a key stands in either.
CREATE INDEX deliveries_in_order ON deliveries (destination, order_key, event) WHERE order_key IS NOT NULL AND ended_at IS NULL;
CREATE INDEX deliveries_out_of_order ON deliveries (destination, order_key, event) WHERE order_key IS NOT NULL AND state = 'failed' AND reason <> 'cancelled';

-- One that has ended lets the next go, in the very transaction that ends it, whoever does that. Whoever knows rings; if nobody does, the sweep.
CREATE TRIGGER order_goes_on AFTER UPDATE OF state ON deliveries WHEN NEW.order_key IS NOT NULL AND NEW.state IN ('delivered', 'failed') AND (OLD.ended_at IS NULL OR OLD.reason IS NOT NEW.reason) BEGIN UPDATE deliveries SET waits = NULL, look_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + 60000 WHERE destination = NEW.destination AND waits = 'order' AND event = (SELECT o.event FROM deliveries o INDEXED BY deliveries_in_order WHERE o.order_key IS NOT NULL AND o.ended_at IS NULL AND o.destination = NEW.destination AND o.order_key = NEW.order_key ORDER BY o.event LIMIT 1); END;
