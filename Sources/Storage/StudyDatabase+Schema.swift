import GRDB

extension StudyDatabase {
  /// A released migration never changes: add a new one.
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: searches, workers, attempts, epochs, results") { db in
      try db.execute(
        sql: """
          CREATE TABLE search (
            id INTEGER NOT NULL PRIMARY KEY,
            -- The search file, whole.
            file TEXT NOT NULL,
            -- Starts of its coordinator.
            epoch INTEGER NOT NULL
          ) STRICT;

          CREATE TABLE worker (
            id TEXT NOT NULL PRIMARY KEY,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            slots INTEGER NOT NULL,
            is_local INTEGER NOT NULL CHECK (is_local IN (0, 1)),
            numerics TEXT NOT NULL
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE attempt (
            id INTEGER NOT NULL PRIMARY KEY,
            trial INTEGER NOT NULL,
            worker TEXT NOT NULL REFERENCES worker,
            -- Seconds since 1970.
            started REAL NOT NULL,
            ended REAL,
            ending TEXT,
            words TEXT NOT NULL DEFAULT '',
            CHECK ((ended IS NULL) = (ending IS NULL))
          ) STRICT;
          CREATE INDEX attempt_of_trial ON attempt (trial);

          CREATE TABLE epoch (
            attempt INTEGER NOT NULL REFERENCES attempt,
            number INTEGER NOT NULL,
            train_loss REAL NOT NULL,
            train_accuracy REAL NOT NULL,
            val_loss REAL NOT NULL,
            val_accuracy REAL NOT NULL,
            seconds REAL NOT NULL,
            PRIMARY KEY (attempt, number)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE result (
            trial INTEGER NOT NULL PRIMARY KEY,
            attempt INTEGER NOT NULL UNIQUE REFERENCES attempt,
            status TEXT NOT NULL,
            epochs INTEGER NOT NULL,
            val_accuracy REAL,
            val_loss REAL
          ) STRICT;
          """)
    }
    migrator.registerMigration("2: the key that a worker joined with") { db in
      // Empty for workers from before this migration.
      try db.execute(sql: "ALTER TABLE worker ADD COLUMN key TEXT NOT NULL DEFAULT ''")
    }
    migrator.registerMigration("3: checkpoints, inherited epochs, retries") { db in
      try db.execute(
        sql: """
          -- Epochs at its beginning that an earlier attempt trained.
          ALTER TABLE attempt ADD COLUMN inherited INTEGER NOT NULL DEFAULT 0;
          -- Of a result that was thrown away: history only.
          ALTER TABLE attempt ADD COLUMN is_past INTEGER NOT NULL DEFAULT 0 CHECK (is_past IN (0, 1));

          -- The checkpoints from which trials without a result resume. The files are in RUN/checkpoints.
          CREATE TABLE checkpoint (
            trial INTEGER NOT NULL PRIMARY KEY,
            attempt INTEGER NOT NULL REFERENCES attempt,
            epochs INTEGER NOT NULL,
            size INTEGER NOT NULL,
            digest BLOB NOT NULL
          ) STRICT;
          """)
    }
    migrator.registerMigration("4: the key that an attempt was handed to") { db in
      // Another key holder may later use this worker's ID.
      try db.execute(
        sql: """
          ALTER TABLE attempt ADD COLUMN key TEXT NOT NULL DEFAULT '';
          UPDATE attempt SET key = (SELECT key FROM worker WHERE worker.id = attempt.worker);
          """)
    }
    migrator.registerMigration("5: what trials come to at rungs") { db in
      // Two attempts of a trial may report different epochs if a key holder is malicious: the one used for decisions
      // is kept.
      // Trials from before this migration reached rungs where they paused or were stopped.
      try db.execute(
        sql: """
          CREATE TABLE rung (
            trial INTEGER NOT NULL,
            number INTEGER NOT NULL,
            attempt INTEGER NOT NULL REFERENCES attempt,
            val_accuracy REAL NOT NULL,
            val_loss REAL NOT NULL,
            PRIMARY KEY (trial, number)
          ) STRICT, WITHOUT ROWID;

          INSERT INTO rung
          SELECT trial, row_number() OVER (PARTITION BY trial ORDER BY number) - 1, attempt, val_accuracy, val_loss
          FROM (
            SELECT trial, number, min(attempt) AS attempt, val_accuracy, val_loss
            FROM epoch JOIN attempt ON attempt.id = epoch.attempt
            WHERE (ending = 'paused' OR trial IN (SELECT trial FROM result WHERE status = 'stopped'))
              AND number = (SELECT max(number) FROM epoch AS last WHERE last.attempt = epoch.attempt)
            GROUP BY trial, number
          );
          """)
    }
    migrator.registerMigration("6: parts of epochs") { db in
      try db.execute(
        sql: """
          CREATE TABLE new_result (
            trial INTEGER NOT NULL PRIMARY KEY,
            attempt INTEGER NOT NULL UNIQUE REFERENCES attempt,
            status TEXT NOT NULL,
            -- Trained: a whole number, or a part of the first.
            epochs REAL NOT NULL,
            val_accuracy REAL,
            val_loss REAL
          ) STRICT;
          INSERT INTO new_result SELECT trial, attempt, status, epochs, val_accuracy, val_loss FROM result;
          DROP TABLE result;
          ALTER TABLE new_result RENAME TO result;
          """)
    }
    migrator.registerMigration("7: searches that end when there is enough") { db in
      // The final number of trials; NULL while more trials may start, and in searches that never record it.
      try db.execute(sql: "ALTER TABLE search ADD COLUMN trials INTEGER")
    }
    migrator.registerMigration("8: the dataset that results come from") { db in
      // SHA-256 of the dataset; NULL until it is known.
      try db.execute(sql: "ALTER TABLE search ADD COLUMN data BLOB")
    }
    migrator.registerMigration("9: workers that get no more work") { db in
      // The reason for the exclusion; NULL if the worker is not excluded.
      try db.execute(sql: "ALTER TABLE worker ADD COLUMN excluded TEXT")
    }
    migrator.registerMigration("10: plain names of columns") { db in
      try db.execute(
        sql: """
          ALTER TABLE search RENAME COLUMN epoch TO generation;
          ALTER TABLE attempt RENAME COLUMN words TO detail;
          """)
    }
    migrator.registerMigration("11: incarnations of attempts") { db in
      try db.execute(sql: "ALTER TABLE attempt ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 0")
    }
    migrator.registerMigration("12: checksums of rows") { db in
      for table in ["search", "worker", "attempt", "epoch", "result", "checkpoint", "rung"] {
        try db.execute(sql: "ALTER TABLE \(table) ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0")
      }
    }
    migrator.registerMigration("13: metrics by name") { db in
      db.add(function: MetricNames.packed)
      try db.execute(
        sql: """
          CREATE TABLE metric (
            number INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            checksum INTEGER NOT NULL DEFAULT 0
          ) STRICT;
          INSERT INTO metric (number, name)
          VALUES (0, 'train_loss'), (1, 'train_accuracy'), (2, 'val_loss'), (3, 'val_accuracy');

          CREATE TABLE new_epoch (
            attempt INTEGER NOT NULL REFERENCES attempt,
            number INTEGER NOT NULL,
            -- See MetricNames.
            metrics BLOB NOT NULL,
            seconds REAL NOT NULL,
            checksum INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (attempt, number)
          ) STRICT, WITHOUT ROWID;
          INSERT INTO new_epoch
          SELECT attempt, number, packed_metrics(train_loss, train_accuracy, val_loss, val_accuracy), seconds, 0
          FROM epoch;
          DROP TABLE epoch;
          ALTER TABLE new_epoch RENAME TO epoch;

          CREATE TABLE new_rung (
            trial INTEGER NOT NULL,
            number INTEGER NOT NULL,
            attempt INTEGER NOT NULL REFERENCES attempt,
            metrics BLOB NOT NULL,
            checksum INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (trial, number)
          ) STRICT, WITHOUT ROWID;
          INSERT INTO new_rung
          SELECT trial, number, attempt, packed_metrics(NULL, NULL, val_loss, val_accuracy), 0 FROM rung;
          DROP TABLE rung;
          ALTER TABLE new_rung RENAME TO rung;

          CREATE TABLE new_result (
            trial INTEGER NOT NULL PRIMARY KEY,
            attempt INTEGER NOT NULL UNIQUE REFERENCES attempt,
            status TEXT NOT NULL,
            -- Trained: a whole number, or a part of the first.
            epochs REAL NOT NULL,
            -- Of the epoch that the goal selects; NULL without a score.
            metrics BLOB,
            checksum INTEGER NOT NULL DEFAULT 0
          ) STRICT;
          INSERT INTO new_result
          SELECT trial, attempt, status, epochs, packed_metrics(NULL, NULL, val_loss, val_accuracy), 0 FROM result;
          DROP TABLE result;
          ALTER TABLE new_result RENAME TO result;
          """)
    }
    migrator.registerMigration("14: the number of events") { db in
      try db.execute(
        sql: """
          CREATE TABLE event (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            -- The number of events in events.jsonl; NULL before it is first written.
            count INTEGER,
            checksum INTEGER NOT NULL DEFAULT 0
          ) STRICT;
          INSERT INTO event (id) VALUES (1);
          """)
    }
    return migrator
  }
}
