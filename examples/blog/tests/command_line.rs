//! The program as it is started from a shell.

use std::net::TcpListener;
use std::process::{Command, Output};

fn blog(dir: &tempfile::TempDir, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_blog"))
        .args(args)
        .current_dir(dir)
        .output()
        .expect("cargo has built the program")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the program writes UTF-8")
}

#[test]
fn traffic_sends_exactly_what_was_asked_for_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let output = blog(&dir, &["--port", "0", "--traffic", "37"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    let total = table.lines().find(|line| line.starts_with("total"));
    let columns: Vec<&str> = total.unwrap().split_whitespace().collect();
    assert_eq!(columns[1], "37", "{table}");
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}

#[test]
fn traffic_on_a_named_database_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let output = blog(
        &dir,
        &[
            "--port",
            "0",
            "--traffic",
            "1",
            "--db",
            "own.db",
            "--seed",
            "30",
        ],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(dir.path().join("own.db").exists());
}

#[test]
fn taken_port_is_an_error_that_names_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let output = blog(&dir, &["--port", &port]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("--port"));
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}

#[test]
fn file_that_is_no_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("letter.txt");
    let letter = "Dear reader, ".repeat(100);
    std::fs::write(&path, &letter).unwrap();
    let output = blog(
        &dir,
        &["--port", "0", "--traffic", "1", "--db", "letter.txt"],
    );
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("letter.txt"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
}
