//! Random programs: each statement that was executed is one record, and being watched changes no result.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{Metric, Metrics, Outcome};
use starpunk_metrics_tests::{config, pipeline};

use crate::program::{Done, Program};
use crate::support::number;

const PROGRAMS: u64 = 100;
const STEPS: usize = 25;

#[test]
fn random_programs_have_one_record_for_each_statement() {
    for seed in 1..=PROGRAMS {
        if let Err(whole) = compare(seed, STEPS) {
            let shortest = (1..=STEPS).find_map(|steps| compare(seed, steps).err());
            panic!("{}", shortest.unwrap_or(whole));
        }
    }
}

/// Runs a program on a connection that is watched and on one that is not.
///
/// # Errors
///
/// The seed, the program, and the first difference between what was done and what was told.
fn compare(seed: u64, steps: usize) -> Result<(), String> {
    let (watched_dir, plain_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plain = open(plain_dir.path());
    let mut expected = Program::new(seed, &plain, None, plain_dir.path());
    expected.run(steps);
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let watched = MonitoredConnection::new(open(watched_dir.path())).unwrap();
    let mut program = Program::new(seed, &watched, Some(&watched), watched_dir.path());
    program.run(steps);
    let Program {
        done,
        results,
        text,
        ..
    } = program;
    // What was refused last is told no later than here.
    drop(watched);
    let difference =
        different_result(&results, &expected.results).or_else(|| different_record(&done, &metrics));
    match difference {
        None => Ok(()),
        Some(difference) => Err(format!("seed {seed}:\n{}\n{difference}", text.join("\n"))),
    }
}

fn different_result(watched: &[String], plain: &[String]) -> Option<String> {
    let at = watched.iter().zip(plain).position(|(one, two)| one != two);
    let at =
        at.or_else(|| (watched.len() != plain.len()).then(|| watched.len().min(plain.len())))?;
    let (watched, plain) = (watched.get(at), plain.get(at));
    Some(format!("result {at}: {watched:?} watched, {plain:?} else"))
}

fn different_record(done: &[Done], metrics: &Metrics) -> Option<String> {
    let told = metrics.metrics();
    (0..done.len().max(told.len())).find_map(|at| {
        let (done, told) = (done.get(at), told.get(at));
        let is_told = done.zip(told).is_some_and(|(done, told)| fits(done, told));
        (!is_told).then(|| format!("statement {at}: {done:?} was done, {told:?} told"))
    })
}

fn fits(done: &Done, told: &Metric) -> bool {
    let has_failed = told.outcome != Outcome::Ok;
    done.name.is_none_or(|name| name == told.operation_name)
        && done.rows as f64 == number(told, "rows")
        && done.failed.is_none_or(|failed| failed == has_failed)
        // A counter that went backwards would be huge.
        && ["vm_steps", "scan_steps"].iter().all(|name| number(told, name) < 1e6)
}

/// Makes two databases in this directory, and opens both with one connection.
fn open(dir: &Path) -> Connection {
    make(dir);
    let connection = Connection::open(dir.join("main.db")).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let far = dir.join("far.db");
    connection
        .execute("ATTACH ?1 AS aux", [far.to_str().unwrap()])
        .unwrap();
    connection.execute_batch("CREATE TEMP TABLE t (x)").unwrap();
    connection
}

fn make(dir: &Path) {
    let far = Connection::open(dir.join("far.db")).unwrap();
    far.pragma_update(None, "journal_mode", "WAL").unwrap();
    far.execute_batch(
        "CREATE TABLE far (id INTEGER PRIMARY KEY);
         INSERT INTO far VALUES (1), (2), (3)",
    )
    .unwrap();
    let main = Connection::open(dir.join("main.db")).unwrap();
    main.pragma_update(None, "journal_mode", "WAL").unwrap();
    main.execute_batch(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT UNIQUE);
         CREATE TABLE tags (note INTEGER, name TEXT);
         CREATE TABLE audit (id);
         CREATE VIRTUAL TABLE search USING fts5(body);
         CREATE VIRTUAL TABLE places USING rtree(id, a, b);
         CREATE TRIGGER kept AFTER DELETE ON notes BEGIN
             INSERT INTO audit VALUES (old.id);
             UPDATE audit SET id = id;
             INSERT INTO search VALUES ('gone');
         END;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
         INSERT INTO notes SELECT i, 'note ' || i FROM n;
         INSERT INTO tags SELECT id, 'tag' FROM notes;
         INSERT INTO search SELECT body FROM notes;
         INSERT INTO places SELECT id, id, id + 1 FROM notes",
    )
    .unwrap();
}
