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
    let index = r#"CREATE INDEX "order_by_for whom_group" ON "order"("for whom", "group")"#;
    assert!(finding.advice.starts_with(index), "{}", finding.advice);
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
fn what_lacks_no_index_is_no_finding_however_slow() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    connection
        .execute_batch("CREATE INDEX by_year ON notes(year)")
        .unwrap();
    for sql in [
        "SELECT body FROM notes",
        "SELECT count(*) FROM notes",
        "SELECT EXISTS (SELECT 1 FROM notes)",
        "SELECT body FROM notes LIMIT 1",
        "SELECT body FROM notes ORDER BY year DESC LIMIT 10",
        "SELECT body FROM notes ORDER BY id DESC LIMIT 10",
    ] {
        ask(&connection, sql);
    }
    assert_eq!(findings(&metrics), []);
}

/// What is advised for this statement, on the database of these tests with one more table.
fn advice(sql: &str) -> Vec<String> {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    connection
        .execute_batch(
            "CREATE TABLE authors (name TEXT, year INTEGER);
             INSERT INTO authors VALUES ('author 1', 2001), ('author 2', 2002)",
        )
        .unwrap();
    ask(&connection, sql);
    let all = findings(&metrics).into_iter();
    all.map(|finding| finding.advice.split(';').next().unwrap().to_owned())
        .collect()
}

#[test]
fn an_index_is_advised_only_where_it_would_be_used() {
    for (sql, index) in [
        (
            "author = 'x' AND body > 'y' AND year > 1",
            "notes_by_Author_body ON notes(Author, body)",
        ),
        ("author IN ('x', 'y')", "notes_by_Author ON notes(Author)"),
        ("author IS NULL", "notes_by_Author ON notes(Author)"),
        ("body BETWEEN 'x' AND 'y'", "notes_by_body ON notes(body)"),
    ] {
        let sql = format!("SELECT id FROM notes WHERE {sql}");
        assert_eq!(advice(&sql), [format!("CREATE INDEX {index}")], "{sql}");
    }
    for sql in [
        "author LIKE '%7'",
        "author NOT IN ('x') AND body IS NOT NULL AND author <> 'y'",
        "author = 'x' OR body = 'y'",
        "lower(author) = 'x'",
        "+year = 2001",
        "author || 'x' = 'author 1x'",
    ] {
        // So that few rows are returned by each, and the scan is a finding.
        let sql = format!("SELECT id FROM notes WHERE ({sql}) LIMIT 0, -1");
        let sql = format!("SELECT max(id) FROM ({sql})");
        let all = advice(&sql);
        assert_eq!(all.len(), 1, "{sql}: {all:?}");
        assert!(all[0].starts_with("no condition"), "{sql}: {all:?}");
    }
}

#[test]
fn columns_are_those_of_the_table_that_is_read_and_of_no_other() {
    for (sql, expected) in [
        (
            "SELECT n.id FROM main.notes AS n WHERE n.author = 'x'",
            vec!["CREATE INDEX notes_by_Author ON notes(Author)"],
        ),
        (
            "SELECT id FROM notes WHERE author IN (SELECT name FROM authors WHERE year = 2001)",
            vec!["CREATE INDEX notes_by_Author ON notes(Author)"],
        ),
        (
            "WITH notes AS MATERIALIZED (SELECT * FROM authors) SELECT * FROM notes WHERE name = 'x'",
            vec![],
        ),
        (
            "SELECT a.id, b.id FROM (SELECT n.note AS id FROM tags n) a,
                 (SELECT n.id FROM notes n WHERE n.author = 'author 1') b",
            vec![],
        ),
    ] {
        assert_eq!(advice(sql), expected, "{sql}");
    }
}

#[test]
fn a_finding_goes_when_the_index_is_there() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    of_author(&connection, "author 1");
    assert_eq!(findings(&metrics).len(), 1);
    connection
        .execute_batch("CREATE INDEX by_author ON notes(author)")
        .unwrap();
    of_author(&connection, "author 1");
    assert_eq!(findings(&metrics), []);
}

#[test]
fn a_table_that_grows_is_looked_at_again() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    connection
        .execute_batch("DELETE FROM notes WHERE id > 100")
        .unwrap();
    let find = || {
        assert_eq!(
            ask(&connection, "SELECT id FROM notes WHERE body = 'nothing'"),
            0
        )
    };
    find();
    assert_eq!(findings(&metrics), []);
    connection
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
             INSERT INTO notes SELECT i, 'x', 1, 'a note' FROM n",
        )
        .unwrap();
    (0..5).for_each(|_| find());
    let findings = findings(&metrics);
    assert!(findings[0].evidence.contains("8101 rows"), "{findings:#?}");
}

#[test]
fn a_plan_of_a_file_is_asked_for_also_if_one_in_memory_came_first() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let mut memory = Connection::open_in_memory().unwrap();
    fill(&memory);
    instrument(&mut memory).unwrap();
    let sql = "SELECT body FROM notes WHERE id = 1";
    ask(&memory, sql);
    assert!(matches!(plan(&metrics), Some(QueryPlan::Unavailable(_))));
    let (_dir, connection) = site();
    ask(&connection, sql);
    assert!(matches!(plan(&metrics), Some(QueryPlan::Steps(_))));
    ask(&memory, sql);
    assert!(matches!(plan(&metrics), Some(QueryPlan::Steps(_))));
}

#[test]
fn asking_for_a_plan_leaves_no_file_behind() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (dir, connection) = site();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    ask(&connection, "UPDATE notes SET year = 1 WHERE id = 1");
    drop(connection);
    assert!(metrics.flush());
    let files: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, ["notes.db"]);
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

#[test]
fn a_plan_shows_nothing_that_was_written_as_a_value() {
    let metrics = pipeline(all_slow());
    let _entered = metrics.enter();
    let (_dir, connection) = site();
    for sql in [
        "SELECT 1 FROM notes JOIN notes AS 'hunter2' USING (body)",
        "SELECT * FROM (SELECT DISTINCT name, 4711 FROM tags) NATURAL JOIN (SELECT DISTINCT name, 4711 FROM tags)",
        "SELECT * FROM (SELECT DISTINCT name, 'hunter2' FROM tags) NATURAL JOIN (SELECT DISTINCT name, 'hunter2' FROM tags)",
        "SELECT * FROM tags FULL JOIN (SELECT 1 AS x) AS 'hunter2' ON x = note",
        "SELECT 1 FROM notes AS 'n USING hunter2' WHERE year = 1",
        "WITH c('hunter2') AS (SELECT DISTINCT name FROM tags) SELECT * FROM c JOIN tags ON name = \"hunter2\"",
    ] {
        ask(&connection, sql);
    }
    let text = format!("{:?}", metrics.snapshot());
    assert!(text.contains("SCAN"), "{text}");
    for hidden in ["hunter2", "4711"] {
        assert!(!text.contains(hidden), "{text}");
    }
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
