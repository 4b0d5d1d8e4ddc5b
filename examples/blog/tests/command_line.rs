//! The program as it is started from a shell.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const METRICS_VARIABLES: [&str; 9] = [
    "METRICS_ENABLED",
    "METRICS_SLOW_QUERY_THRESHOLD",
    "METRICS_SLOW_REQUEST_THRESHOLD",
    "METRICS_SLOW_POLL_THRESHOLD",
    "METRICS_REPEATED_STATEMENTS",
    "METRICS_MANY_STATEMENTS",
    "METRICS_SAMPLING_RATE",
    "METRICS_BUFFER_SIZE",
    "METRICS_MEMORY_INTERVAL",
];

fn blog(dir: &tempfile::TempDir, args: &[&str]) -> Output {
    blog_with(dir, &[], args)
}

/// Runs the program with these variables, and without others that might be set around the test.
fn blog_with(dir: &tempfile::TempDir, variables: &[(&str, &str)], args: &[&str]) -> Output {
    command(dir)
        .envs(variables.iter().copied())
        .args(args)
        .output()
        .expect("cargo has built the program")
}

fn command(dir: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blog"));
    for variable in METRICS_VARIABLES {
        command.env_remove(variable);
    }
    command.current_dir(dir);
    command
}

/// What the program prints when it opens the blog.
fn welcome(dir: &tempfile::TempDir, args: &[&str]) -> String {
    let mut program = command(dir)
        .args(["--port", "0"])
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .expect("cargo has built the program");
    let output = BufReader::new(program.stdout.take().expect("it is piped"));
    let lines = output.lines().map_while(Result::ok);
    let welcome: Vec<String> = lines
        .take_while(|line| !line.starts_with("Ctrl-C"))
        .collect();
    program.kill().expect("it is a child of ours");
    program.wait().expect("it is a child of ours");
    welcome.join("\n")
}

/// The number of visits in a database; `None` if it has no such table.
fn visits(path: &Path) -> Option<u32> {
    let conn = rusqlite::Connection::open(path).expect("the blog has made it");
    let count = conn.query_row("SELECT count(*) FROM visit", [], |row| row.get(0));
    count.ok()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the program writes UTF-8")
}

/// The columns of the row that begins with these words, without those words.
fn row<'a>(output: &'a Output, start: &str) -> Vec<&'a str> {
    let table = text(&output.stdout);
    let words: Vec<&str> = start.split_whitespace().collect();
    let columns = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|columns| columns.starts_with(&words));
    columns.expect(table)[words.len()..].to_vec()
}

fn warnings(output: &Output) -> Vec<&str> {
    text(&output.stderr)
        .lines()
        .filter(|line| line.contains(" WARN "))
        .collect()
}

#[test]
fn traffic_sends_exactly_what_was_asked_for_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let output = blog(&dir, &["--port", "0", "--traffic", "37"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(row(&output, "total")[..2], ["37", "37"]);
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
fn help_names_every_option() {
    let dir = tempfile::tempdir().unwrap();
    let output = blog(&dir, &["--help"]);
    assert!(output.status.success());
    let help = text(&output.stdout);
    for option in [
        "--port <PORT>",
        "--db <PATH>",
        "--base-url <URL>",
        "--seed <N>",
        "--traffic <N>",
        "--workers <N>",
        "--slow-demo",
        "--trust-proxy <CIDR>",
        "--server-timing",
    ] {
        assert!(help.contains(option), "{option}: {help}");
    }
    for word in ["X-Request-ID", "Server-Timing", "10.0.0.0/8"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}

#[test]
fn proxy_that_is_no_network_is_an_error_before_any_file_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let output = blog(&dir, &["--port", "0", "--trust-proxy", "proxy.example"]);
    assert!(!output.status.success());
    let told = text(&output.stderr);
    for part in ["--trust-proxy", "proxy.example", "CIDR notation"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}

#[test]
fn trusted_proxies_and_server_timing_leave_the_traffic_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let args = [
        "--traffic",
        "37",
        "--server-timing",
        "--trust-proxy",
        "127.0.0.1",
    ];
    let output = blog(&dir, &args);
    assert!(output.status.success(), "{}", text(&output.stdout));
    assert_eq!(row(&output, "total")[..2], ["37", "37"]);
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

#[test]
fn traffic_is_measured_exactly_at_any_sampling_rate() {
    for variables in [&[][..], &[("METRICS_SAMPLING_RATE", "0")]] {
        let dir = tempfile::tempdir().unwrap();
        let output = blog_with(&dir, variables, &["--traffic", "500"]);
        assert!(output.status.success(), "{}", text(&output.stdout));
        for (start, counts) in [
            ("GET /", ["84", "84", "144", "144", "0", "0"]),
            ("GET /fail", ["2", "2", "2", "2", "2", "2"]),
            ("GET /feed.rss", ["87", "87", "50", "50", "0", "0"]),
            ("GET UNMATCHED", ["12", "12", "0", "0", "0", "0"]),
            ("POST /notes", ["26", "26", "65", "65", "0", "0"]),
            ("total", ["500", "500", "749", "749", "2", "2"]),
        ] {
            assert_eq!(row(&output, start)[..6], counts, "{start}");
        }
        for (event, counts) in [
            ("cache_miss", ["76", "76"]),
            ("note_created", ["26", "26"]),
            ("notes_searched", ["25", "25"]),
        ] {
            assert_eq!(row(&output, event), counts, "{event}");
        }
        assert_eq!(row(&output, "COMMIT")[..2], ["75", "0"]);
        assert!(text(&output.stdout).ends_with("Every number is as expected.\n"));
        assert_eq!(warnings(&output), Vec::<&str>::new());
    }
}

#[test]
fn traffic_without_measuring_shows_what_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let off = [("METRICS_ENABLED", "false")];
    let output = blog_with(&dir, &off, &["--traffic", "500"]);
    assert!(output.status.success(), "{}", text(&output.stdout));
    assert_eq!(row(&output, "total"), ["500", "-", "749", "-", "2", "-"]);
    assert_eq!(row(&output, "cache_hit"), ["63", "-"]);
    assert!(text(&output.stdout).contains("METRICS_ENABLED is off"));
}

#[test]
fn wrong_setting_is_warned_of_once_and_its_default_used() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = [("METRICS_SAMPLING_RATE", "abc")];
    let output = blog_with(&dir, &wrong, &["--traffic", "37"]);
    assert!(output.status.success(), "{}", text(&output.stdout));
    let warnings = warnings(&output);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["METRICS_SAMPLING_RATE", "\"abc\"", "1.0"] {
        assert!(warnings[0].contains(part), "{}", warnings[0]);
    }
    assert_eq!(row(&output, "total")[..2], ["37", "37"]);
}

#[test]
fn slow_demo_makes_its_table_once_and_leaves_the_traffic_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("own.db");
    for (flag, expected) in [
        (None, None),
        (Some("--slow-demo"), Some(20_000)),
        (Some("--slow-demo"), Some(20_000)),
    ] {
        let mut args = vec!["--traffic", "500", "--db", "own.db"];
        args.extend(flag);
        let output = blog(&dir, &args);
        assert!(output.status.success(), "{}", text(&output.stdout));
        assert!(text(&output.stdout).ends_with("Every number is as expected.\n"));
        assert_eq!(row(&output, "total")[..4], ["500", "500", "749", "749"]);
        assert_eq!(visits(&path), expected);
    }
}

#[test]
fn welcome_names_the_slow_pages_only_if_they_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let plain = welcome(&dir, &[]);
    assert!(plain.contains("/findings"), "{plain}");
    assert!(plain.contains("/requests"), "{plain}");
    assert!(!plain.contains("/slow/"), "{plain}");
    let slow = welcome(&dir, &["--slow-demo"]);
    for page in ["scan", "repeated", "many", "blocked", "waiting"] {
        assert!(slow.contains(&format!("/slow/{page}")), "{page}: {slow}");
    }
}
