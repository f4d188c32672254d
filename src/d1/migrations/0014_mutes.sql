-- What an operator has muted for a while: nobody is told that it begins. An empty name stands for all rules, or all subjects.
CREATE TABLE mutes (
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  until INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  PRIMARY KEY (rule, subject)
) WITHOUT ROWID;
