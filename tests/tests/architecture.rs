//! The invariants of ARCHITECTURE.md, read off the source.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom. `metrics`, `lib` and `__private` see all, and nobody but `testing` imports them.
const EDGES: [(&str, &[&str]); 10] = [
    ("model", &[]),
    ("error", &[]),
    ("config", &["model", "error"]),
    ("record", &["model"]),
    ("collect", &["model", "config"]),
    ("instrument", &["model", "error", "record"]),
    ("export", &["model"]),
    (
        "metrics",
        &["model", "error", "config", "record", "collect"],
    ),
    ("testing", &["model", "config", "metrics"]),
    ("__private", &["model", "instrument"]),
];

/// Third-party crates, and the rooms they are confined to.
const CONFINED: [(&str, &[&str]); 9] = [
    ("rusqlite", &["instrument/sqlite"]),
    ("r2d2", &["instrument/sqlite"]),
    ("regex", &["instrument/sqlite"]),
    ("actix_web", &["instrument/actix"]),
    ("ipnet", &["instrument/actix"]),
    ("crossbeam_channel", &["record", "collect", "metrics"]),
    ("crossbeam_utils", &["record", "collect", "metrics"]),
    ("rtrb", &["record", "collect"]),
    ("sysinfo", &["collect"]),
];

struct Source {
    /// Below `src`, such as `record/timer.rs`.
    path: String,
    text: String,
}

impl Source {
    /// The first folder, or the file itself without its ending.
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// The paths of the modules in other files that are tests.
    fn test_modules(&self) -> Vec<String> {
        let folder = match self.path.strip_suffix("mod.rs") {
            Some(folder) => folder.to_owned(),
            None => format!("{}/", self.path.trim_end_matches(".rs")),
        };
        let (_, after) = self
            .text
            .split_once("#[cfg(test)]\nmod ")
            .unwrap_or_default();
        let name = after.split_once(';').map(|(name, _)| name);
        let name = name.filter(|name| !name.contains(' '));
        name.map(|name| format!("{folder}{name}"))
            .into_iter()
            .collect()
    }

    /// What is not a test.
    fn code(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests").next().unwrap()
    }

    fn code_lines(&self) -> impl Iterator<Item = &str> {
        self.code()
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
    }
}

fn sources(package: &str) -> Vec<Source> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let below = path.strip_prefix(root).unwrap();
                found.push(Source {
                    path: below.to_str().unwrap().replace('\\', "/"),
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    let root: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", package, "src"]
        .iter()
        .collect();
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    let tests: Vec<String> = found.iter().flat_map(Source::test_modules).collect();
    found.retain(|source| !tests.iter().any(|test| source.path.starts_with(test)));
    assert!(found.len() >= 4, "{package} has its source");
    found
}

/// The rooms that a file names in `crate::` paths.
fn imports(source: &Source) -> BTreeSet<&str> {
    let mut rooms = BTreeSet::new();
    for line in source.code_lines() {
        for (at, _) in line.match_indices("crate::") {
            let before = line[..at].chars().last();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &line[at + "crate::".len()..];
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            rooms.insert(&rest[..end]);
        }
    }
    rooms.remove(source.room());
    rooms
}

#[test]
fn rooms_import_only_whom_they_may() {
    for source in sources("starpunk-metrics") {
        if source.path == "lib.rs" {
            continue;
        }
        let (_, allowed) = EDGES
            .iter()
            .find(|(room, _)| *room == source.room())
            .unwrap_or_else(|| {
                panic!(
                    "{} is a new room: give it its place in ARCHITECTURE.md",
                    source.path
                )
            });
        for imported in imports(&source) {
            assert!(
                allowed.contains(&imported),
                "{} imports {imported}, which {} may not",
                source.path,
                source.room()
            );
        }
    }
}

#[test]
fn the_rooms_have_no_cycle() {
    fn reaches(from: &str, to: &str) -> bool {
        let (_, next) = EDGES.iter().find(|(room, _)| *room == from).unwrap();
        next.contains(&to) || next.iter().any(|room| reaches(room, to))
    }
    for (room, _) in EDGES {
        assert!(!reaches(room, room), "{room} imports itself");
    }
}

#[test]
fn third_party_crates_stay_in_their_rooms() {
    for source in sources("starpunk-metrics") {
        for (name, rooms) in CONFINED {
            let at_home = rooms.iter().any(|room| source.path.starts_with(room));
            let path = format!("{name}::");
            let is_used = source.code_lines().any(|line| line.contains(&path));
            assert!(at_home || !is_used, "{} uses {name}", source.path);
        }
    }
}

#[test]
fn features_switch_whole_modules_and_nothing_inside() {
    for source in sources("starpunk-metrics") {
        let mut lines = source.text.lines();
        while let Some(line) = lines.next() {
            if !line.trim_start().starts_with("#[cfg(feature") {
                continue;
            }
            let mut next = lines.next().unwrap().trim_start();
            while next.starts_with("#[") || next.starts_with("///") {
                next = lines.next().unwrap().trim_start();
            }
            let is_module = ["mod ", "pub mod ", "pub(crate) mod ", "pub use "]
                .iter()
                .any(|start| next.starts_with(start));
            assert!(is_module, "{}: {next}", source.path);
        }
    }
}

#[test]
fn published_crates_forbid_unsafe_code_and_unwrap_nothing() {
    for package in ["starpunk-metrics", "starpunk-metrics-macros"] {
        let sources = sources(package);
        let root = sources
            .iter()
            .find(|source| source.path == "lib.rs")
            .unwrap();
        assert!(root.text.contains("#![forbid(unsafe_code)]"));
        for source in &sources {
            let unwraps = source.code_lines().find(|line| line.contains(".unwrap()"));
            assert_eq!(unwraps, None, "{package}/{}", source.path);
        }
    }
}

#[test]
fn files_hold_one_idea_each() {
    for package in [
        "starpunk-metrics",
        "starpunk-metrics-macros",
        "examples/blog",
    ] {
        for source in sources(package) {
            let lines = source.text.lines().count();
            assert!(lines <= 400, "{package}/{} has {lines} lines", source.path);
        }
    }
}
