-- Where the piece of a body is an object of the bucket EVENT_BODIES, its row is empty. Whatever deletes the row leaves a mark with the
-- object's key, in the same transaction: the sweep removes the object, and then the mark.
CREATE TRIGGER piece_leaves AFTER DELETE ON event_parts WHEN OLD.data = '' BEGIN INSERT INTO marks (name, value, at) VALUES ('bodies/' || OLD.receipt || '/' || OLD.n, OLD.event, CAST(unixepoch('subsec') * 1000 AS INTEGER)) ON CONFLICT DO NOTHING; END;
