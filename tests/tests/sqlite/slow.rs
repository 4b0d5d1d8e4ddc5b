//! Slow statements: from when on they are, how SQLite runs them, and what they lack.

use std::time::Duration;

use rusqlite::Connection;
use starpunk_metrics::sqlite::{MonitoredConnection, instrument};
use starpunk_metrics::{Finding, FindingKind, Metrics, QueryPlan, RequestId, monitored_query};
use starpunk_metrics_tests::{config, pipeline};
use tempfile::TempDir;

/// A database in a file, with 2000 notes of 50 authors, and a few tags.
fn site() -> (TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let mut connection = Connection::open(dir.path().join("notes.db")).unwrap();
    fill(&connection);
    instrument(&mut connection).unwrap();
    (dir, connection)
}

fn fill(connection: &Connection) {
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, Author TEXT, year INTEGER, body TEXT);
             CREATE TABLE tags (note INTEGER, name TEXT);
             CREATE VIEW recent AS SELECT * FROM notes WHERE year > 2020;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO notes SELECT i, 'author ' || (i % 50), 2000 + i % 30, 'a note' FROM n;
             INSERT INTO tags SELECT id, 'rust' FROM notes WHERE id < 20",
        )
        .unwrap();
}

fn ask(connection: &Connection, sql: &str) -> usize {
    let mut statement = connection.prepare(sql).unwrap();
    statement.raw_query().mapped(|_| Ok(())).count()
}

fn plan(metrics: &Metrics) -> Option<QueryPlan> {
    let snapshot = metrics.snapshot();
    assert_eq!(
        snapshot.statements().len(),
        1,
        "{:#?}",
        snapshot.statements()
    );
    snapshot.statements()[0].plan.clone()
}

fn steps(steps: &[&str]) -> Option<QueryPlan> {
    Some(QueryPlan::Steps(
        steps.iter().map(|step| (*step).to_owned()).collect(),
    ))
}

fn findings(metrics: &Metrics) -> Vec<Finding> {
    metrics.snapshot().findings().to_vec()
}

/// Every statement is slow.
fn all_slow() -> starpunk_metrics::Config {
    config().slow_query_threshold(Duration::from_nanos(1))
}

#[test]
fn a_slow_statement_has_its_plan_asked_for_once() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    for id in ["1", "2"] {
        ask(
            &connection,
            &format!("SELECT body FROM notes WHERE id = {id}"),
        );
    }
    assert_eq!(
        plan(&metrics),
        steps(&["SEARCH notes USING INTEGER PRIMARY KEY (rowid=?)"])
    );
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.statements()[0].tally.slow(), 2);
    // Nothing but what the application ran is told.
    assert_eq!(snapshot.stats.total_count, 2);
    assert_eq!(snapshot.findings(), []);
}

#[test]
fn a_plan_has_its_steps_inside_each_other() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    ask(
        &connection,
        "SELECT body FROM notes WHERE id IN (SELECT note FROM tags WHERE name = ?1)",
    );
    assert_eq!(
        plan(&metrics),
        steps(&[
            "SEARCH notes USING INTEGER PRIMARY KEY (rowid=?)",
            "LIST SUBQUERY 1",
            "  SCAN tags"
        ])
    );
}

#[test]
fn a_statement_that_is_not_slow_has_no_plan() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    ask(&connection, "SELECT body FROM notes WHERE id = 1");
    assert_eq!(plan(&metrics), None);
}

#[test]
fn a_slow_write_is_explained_and_not_run_again() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    ask(&connection, "UPDATE notes SET year = year + 1 WHERE id = 7");
    assert_eq!(
        plan(&metrics),
        steps(&["SEARCH notes USING INTEGER PRIMARY KEY (rowid=?)"])
    );
    let year: i64 = connection
        .query_row("SELECT year FROM notes WHERE id = 7", [], |row| row.get(0))
        .unwrap();
    assert_eq!(year, 2008);
}

#[test]
fn a_database_in_memory_has_no_plans_and_says_so() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let connection = MonitoredConnection::open_in_memory().unwrap();
    connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
    assert_eq!(
        plan(&metrics),
        Some(QueryPlan::Unavailable("the database is in memory"))
    );
}

#[test]
fn a_plan_that_could_not_be_asked_for_is_asked_for_again() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let ask_once = || ask(&connection, "SELECT body FROM notes WHERE id = 1");
    let told = || {
        let snapshot = metrics.snapshot();
        let select = snapshot
            .statements()
            .iter()
            .find(|known| known.query_type == "SELECT");
        select.unwrap().plan.clone()
    };
    ask_once();
    assert_eq!(
        told(),
        Some(QueryPlan::Unavailable("the database was locked"))
    );
    connection.execute_batch("COMMIT").unwrap();
    ask_once();
    assert_eq!(
        told(),
        steps(&["SEARCH notes USING INTEGER PRIMARY KEY (rowid=?)"])
    );
}

#[test]
fn what_only_its_own_connection_can_prepare_has_no_plan_and_says_so() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    connection
        .create_scalar_function(
            "own",
            0,
            rusqlite::functions::FunctionFlags::SQLITE_UTF8,
            |_| Ok(1),
        )
        .unwrap();
    ask(&connection, "SELECT own()");
    assert_eq!(
        plan(&metrics),
        Some(QueryPlan::Unavailable(
            "it cannot be prepared on a connection of its own"
        ))
    );
}

#[monitored_query]
fn of_author(connection: &Connection, author: &str) -> usize {
    let mut statement = connection
        .prepare_cached("SELECT n.body FROM notes AS n WHERE n.author = ?1 AND year >= 2001")
        .unwrap();
    statement.query_map([author], |_| Ok(())).unwrap().count()
}

#[test]
fn a_table_that_is_read_whole_is_a_finding_with_its_columns_also_if_it_is_fast() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    assert!(of_author(&connection, "author 7") > 0);
    assert!(of_author(&connection, "author 8") > 0);
    let findings = findings(&metrics);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let finding = &findings[0];
    assert_eq!((finding.kind, finding.count), (FindingKind::FullScan, 2));
    assert_eq!(finding.function.as_deref(), Some("sqlite::slow::of_author"));
    assert!(
        finding.evidence.contains("the table notes (2000 rows)"),
        "{}",
        finding.evidence
    );
    assert!(
        finding.advice.contains("notes(Author, year)"),
        "{}",
        finding.advice
    );
    // It can be run as it is, and helps.
    connection.execute_batch(&finding.advice).unwrap();
    of_author(&connection, "author 9");
    assert_eq!(
        metrics.metrics().pop().unwrap().fields.get("scan_steps"),
        None
    );
}

#[test]
fn names_that_need_quotes_have_them_in_the_index_that_is_advised() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    connection
        .execute_batch(
            "CREATE TABLE \"order\" (id INTEGER PRIMARY KEY, \"for whom\", \"group\");
             INSERT INTO \"order\" SELECT id, author, year FROM notes",
        )
        .unwrap();
    let sql = "SELECT id FROM \"order\" WHERE [for whom] = 'author 1' AND `group` > 2001";
    ask(&connection, sql);
    let finding = &findings(&metrics)[0];
    assert_eq!(
        finding.advice,
        r#"CREATE INDEX "order_by_for whom_group" ON "order"("for whom", "group")"#
    );
    connection.execute_batch(&finding.advice).unwrap();
}

#[test]
fn a_small_table_that_is_read_whole_is_no_finding() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    ask(&connection, "SELECT note FROM tags WHERE name = 'rust'");
    assert_eq!(plan(&metrics), steps(&["SCAN tags"]));
    assert_eq!(findings(&metrics), []);
}

#[test]
fn an_index_that_sqlite_makes_for_one_statement_names_its_column() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    ask(
        &connection,
        "SELECT count(*) FROM tags JOIN notes ON notes.year = tags.note",
    );
    let findings = findings(&metrics);
    let finding = findings
        .iter()
        .find(|finding| finding.kind == FindingKind::FullScan)
        .unwrap();
    assert!(finding.advice.contains("notes(year)"), "{finding:#?}");
}

#[test]
fn a_view_is_told_by_the_table_behind_it() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    ask(
        &connection,
        "SELECT body FROM recent WHERE author = 'author 1'",
    );
    assert_eq!(plan(&metrics), steps(&["SCAN notes"]));
    let finding = &findings(&metrics)[0];
    assert!(finding.evidence.contains("the table notes"), "{finding:#?}");
}

#[test]
fn a_table_that_is_wanted_whole_lacks_no_index() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    ask(&connection, "SELECT body FROM notes");
    let finding = &findings(&metrics)[0];
    assert!(!finding.advice.contains("CREATE INDEX"), "{finding:#?}");
}

#[test]
fn a_plan_shows_no_alias_that_is_written_as_a_string() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    ask(
        &connection,
        "SELECT 1 FROM notes AS 'hunter2' WHERE year = 2001",
    );
    assert_eq!(plan(&metrics), steps(&["SCAN ?"]));
    assert!(!format!("{:?}", metrics.snapshot()).contains("hunter2"));
}

#[monitored_query(slow = "1ns")]
fn impatient(connection: &Connection) {
    ask(connection, "SELECT body FROM notes WHERE id = 1");
}

#[monitored_query(slow = "60m")]
fn patient(connection: &Connection) {
    ask(connection, "SELECT body FROM notes WHERE id = 2");
}

#[test]
fn a_threshold_is_that_of_the_function_of_the_shape_or_of_all() {
    let settings = config()
        .slow_statement("select TAGS", Duration::from_nanos(1))
        .slow_statement("*where year*", Duration::from_nanos(1));
    let metrics = pipeline(settings);
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    let slow = || {
        metrics
            .snapshot()
            .stats
            .by_type
            .values()
            .map(|stats| stats.slow)
            .sum::<u64>()
    };
    ask(&connection, "SELECT body FROM notes WHERE id = 3");
    assert_eq!(slow(), 0);
    ask(&connection, "SELECT name FROM tags");
    assert_eq!(slow(), 1);
    ask(&connection, "SELECT id FROM notes WHERE year = 2001");
    assert_eq!(slow(), 2);
    impatient(&connection);
    assert_eq!(slow(), 3);
    patient(&connection);
    assert_eq!(slow(), 3);
}

#[test]
fn the_last_request_in_which_it_was_slow_is_kept() {
    let (metrics, http) = starpunk_metrics_tests::measured(all_slow());
    let site = starpunk_metrics_tests::serve!(
        actix_web::App::new()
            .route(
                "/",
                actix_web::web::get().to(|| async {
                    let (_dir, connection) = site();
                    ask(&connection, "SELECT body FROM notes WHERE id = 1");
                    RequestId::current().unwrap().to_string()
                })
            )
            .wrap(http.clone())
    );
    let ids = [
        site.get("/").text().to_owned(),
        site.get("/").text().to_owned(),
    ];
    let snapshot = metrics.snapshot();
    let last = snapshot.statements()[0].last_slow_request.unwrap();
    assert_eq!(last.to_string(), ids[1]);
}
