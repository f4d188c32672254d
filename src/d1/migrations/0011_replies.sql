-- Of a delivery whose answer the sender waited for: after how many ms it got it, or why it did not, as JSON. NULL for all others.
ALTER TABLE deliveries ADD COLUMN replied TEXT;
