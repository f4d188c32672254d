-- How often a sender's repeat has opened this delivery since it was made, or since an operator replayed it. It may do so a few times only.
ALTER TABLE deliveries ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;
