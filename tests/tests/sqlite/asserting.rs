//! The assertions that users have for tests of their own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix_web::{App, test, web};
use rusqlite::Connection;
use starpunk_metrics::sqlite::instrument;
use starpunk_metrics::{
    HttpMetrics, assert_no_full_scans, assert_no_n_plus_one, assert_queries, block, monitored_query,
};

fn notes() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, author TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
             INSERT INTO notes SELECT i, i % 3 FROM n",
        )
        .unwrap();
    instrument(&mut connection).unwrap();
    connection
}

#[monitored_query]
fn author_of(connection: &Connection, id: i64) -> rusqlite::Result<String> {
    connection
        .prepare_cached("SELECT author FROM notes WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
}

fn ask(connection: &Connection, sql: &str) -> usize {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |_| Ok(())).unwrap().count()
}

/// What a failed assertion says.
fn message(assertion: impl FnOnce()) -> String {
    let panicked = catch_unwind(AssertUnwindSafe(assertion)).unwrap_err();
    match panicked.downcast::<String>() {
        Ok(text) => *text,
        Err(panicked) => (*panicked.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[::core::prelude::v1::test]
fn queries_are_counted_and_transactions_are_not() {
    let mut connection = notes();
    let author = assert_queries!(3, {
        let transaction = connection.transaction().unwrap();
        transaction
            .execute("DELETE FROM notes WHERE id = 1", [])
            .unwrap();
        transaction.commit().unwrap();
        author_of(&connection, 2).unwrap();
        author_of(&connection, 3).unwrap()
    });
    assert_eq!(author, "0");
}

#[::core::prelude::v1::test]
fn a_wrong_number_of_queries_is_told_with_what_they_were() {
    let connection = notes();
    let text = message(|| {
        assert_queries!(2, {
            for id in 1..=4 {
                author_of(&connection, id).unwrap();
            }
        });
    });
    assert_eq!(
        text,
        "expected 2 queries, and there were 4:\n  \
         4 times: SELECT author FROM notes WHERE id = ?\n      \
         in sqlite::asserting::author_of"
    );
}

#[::core::prelude::v1::test]
fn a_scan_for_a_part_of_a_table_is_told_and_one_for_all_of_it_is_not() {
    let connection = notes();
    assert_no_full_scans!({
        ask(&connection, "SELECT * FROM notes");
        ask(&connection, "SELECT * FROM notes WHERE id = 7");
    });
    let text = message(|| {
        assert_no_full_scans!({
            ask(&connection, "SELECT * FROM notes WHERE author = '1'");
        });
    });
    assert!(
        text.contains("looked at 19 rows for 7: SELECT * FROM notes WHERE author = ?"),
        "{text}"
    );
}

#[::core::prelude::v1::test]
fn a_query_in_a_loop_is_told() {
    let connection = notes();
    assert_no_n_plus_one!({
        for id in 1..=4 {
            author_of(&connection, id).unwrap();
        }
        for _ in 0..9 {
            connection
                .execute("UPDATE notes SET author = 'x' WHERE id = 1", [])
                .unwrap();
        }
    });
    let text = message(|| {
        assert_no_n_plus_one!({
            for id in 1..=5 {
                author_of(&connection, id).unwrap();
            }
        });
    });
    assert!(text.contains("5 times: SELECT author"), "{text}");
}

#[::core::prelude::v1::test]
fn assertions_inside_each_other_see_the_same_queries() {
    let connection = notes();
    let text = message(|| {
        assert_queries!(7, {
            assert_no_full_scans!({
                for id in 1..=4 {
                    author_of(&connection, id).unwrap();
                }
            });
            author_of(&connection, 5).unwrap();
            assert_queries!(1, { author_of(&connection, 6).unwrap() });
        });
    });
    assert!(
        text.contains("there were 6:\n  6 times: SELECT author"),
        "{text}"
    );
    assert_queries!(2, {
        assert_queries!(2, {
            author_of(&connection, 1).unwrap();
            author_of(&connection, 2).unwrap();
        });
    });
}

#[::core::prelude::v1::test]
fn an_assertion_that_saw_nothing_does_not_hold() {
    let plain = Connection::open_in_memory().unwrap();
    for text in [
        message(|| drop(assert_no_full_scans!({ vec![ask(&plain, "SELECT 1")] }))),
        message(|| drop(assert_no_n_plus_one!({ vec![ask(&plain, "SELECT 1")] }))),
    ] {
        assert!(text.contains("is the connection instrumented"), "{text}");
    }
    assert_queries!(0, { ask(&plain, "SELECT 1") });
}

#[::core::prelude::v1::test]
fn a_write_is_judged_where_it_is_known_what_it_changed() {
    let connection = starpunk_metrics::MonitoredConnection::new(notes()).unwrap();
    assert_no_full_scans!({
        connection
            .execute("UPDATE notes SET author = 'x'", [])
            .unwrap();
        rusqlite::Connection::execute(&connection, "UPDATE notes SET author = 'y', id = id", [])
            .unwrap();
    });
    message(|| {
        assert_no_full_scans!({
            connection
                .execute("DELETE FROM notes WHERE author = 'z'", [])
                .unwrap();
        });
    });
}

#[::core::prelude::v1::test]
fn a_block_may_return_early() {
    fn run(connection: &Connection) -> rusqlite::Result<String> {
        Ok(assert_queries!(1, { author_of(connection, 0)? }))
    }
    assert_eq!(run(&notes()), Err(rusqlite::Error::QueryReturnedNoRows));
}

async fn handler() -> String {
    let here = author_of(&notes(), 1).unwrap();
    let elsewhere = block(|| author_of(&notes(), 2).unwrap());
    here + &elsewhere.await.unwrap()
}

#[actix_web::test]
async fn the_queries_of_a_request_are_counted_on_whatever_thread_they_ran() {
    let app = App::new()
        .route("/", web::get().to(handler))
        .wrap(HttpMetrics::new());
    let app = test::init_service(app).await;
    let body = assert_queries!(2, {
        test::call_and_read_body(&app, test::TestRequest::get().to_request()).await
    });
    assert_eq!(body, "12");
}

#[::core::prelude::v1::test]
fn tests_side_by_side_do_not_count_each_others_queries() {
    std::thread::scope(|scope| {
        for count in 0..8_u64 {
            scope.spawn(move || {
                let connection = notes();
                assert_queries!(count, {
                    for id in 0..count {
                        let _ = author_of(&connection, id as i64);
                    }
                });
            });
        }
    });
}
