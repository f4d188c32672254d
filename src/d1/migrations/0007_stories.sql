-- Of a delivery that was made because another of its event had failed: of which, and how, as JSON. NULL for all others.
ALTER TABLE deliveries ADD COLUMN story TEXT;
