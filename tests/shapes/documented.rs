//! Our column of the table of shapes, run again.

use std::fs;
use std::path::Path;

use shapes_2024::SHAPES;

/// The rows of the table in the documentation: the description, and our cell.
fn rows() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../starpunk-metrics-macros/docs/shapes.md");
    let text = fs::read_to_string(path).expect("the table is in the documentation");
    let rows = text.lines().filter(|line| line.starts_with("| "));
    // Behind the two lines of its head.
    rows.skip(2)
        .filter_map(|row| {
            let mut cells = row.split(" | ").map(|cell| cell.trim_matches(['|', ' ']));
            Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
        })
        .collect()
}

/// The first line of the file of a shape.
fn description(shape: &str) -> String {
    let path = format!("../cases/{shape}.rs");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    let text = text.expect("a shape is a file");
    text.lines().next().map_or_else(String::new, |line| {
        line.trim_start_matches("//! ").to_owned()
    })
}

#[test]
fn the_table_has_every_shape_and_ours_are_all_there() {
    let expected = SHAPES
        .iter()
        .map(|shape| (description(shape.name), "yes".to_owned()));
    let mut expected: Vec<_> = expected.collect();
    let count = SHAPES.len();
    expected.push((format!("of {count} shapes"), format!("{count} yes")));
    assert_eq!(rows(), expected);
}

#[test]
fn every_yes_is_true() {
    for shape in SHAPES {
        assert_eq!(shape.difference(), None, "{}", shape.name);
    }
}
