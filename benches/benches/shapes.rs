//! Which shapes of function each attribute can be put on: every file of `tests/shapes/cases`, under ours and our peers'.
//!
//! For each contender a package is generated in a temporary folder, with every shape as a module of its own, and checked
//! by cargo, without those that fail, until it compiles. The peers are no dependencies of this workspace: their versions
//! are in [`CONTENDERS`] only. The first run downloads and builds them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::iter::successors;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A crate with an attribute, and how its user would put it on.
struct Contender {
    name: &'static str,
    /// The rest of its line in `[dependencies]`, with what it needs to measure.
    dependency: &'static str,
    /// The attribute of a function.
    attribute: &'static str,
    /// The attribute of an `impl`, a `trait` or a module: the same, if it has none for these.
    block_attribute: &'static str,
}

const CONTENDERS: &[Contender] = &[
    Contender {
        name: "starpunk-metrics",
        dependency: "{ path = '{workspace}/starpunk-metrics' }",
        attribute: "starpunk_metrics::track_business",
        block_attribute: "starpunk_metrics::track_business",
    },
    Contender {
        name: "tracing",
        dependency: "'=0.1.44'",
        // Without `skip_all` it records the arguments, and each has to be `Debug`.
        attribute: "tracing::instrument(skip_all)",
        block_attribute: "tracing::instrument(skip_all)",
    },
    Contender {
        name: "fastrace",
        dependency: "{ version = '=0.7.19', features = ['enable'] }",
        attribute: "fastrace::trace",
        block_attribute: "fastrace::trace",
    },
    Contender {
        name: "hotpath",
        dependency: "{ version = '=0.30.3', features = ['hotpath'] }",
        attribute: "hotpath::measure",
        block_attribute: "hotpath::measure_all",
    },
    Contender {
        name: "autometrics",
        dependency: "{ version = '=3.0.0', features = ['prometheus'] }",
        attribute: "autometrics::autometrics",
        block_attribute: "autometrics::autometrics",
    },
];

/// The attribute that does nothing: what fails under it is no fault of an attribute.
const CONTROL: Contender = Contender {
    name: "untouched",
    dependency: "{ path = '{workspace}/tests/shapes/untouched' }",
    attribute: "untouched::untouched",
    block_attribute: "untouched::untouched",
};

/// What compiles, and yet is not as it should be in one function of the shape at least. Read from the macros' sources:
/// tracing-attributes 0.1.31 (`AsyncInfo::from_fn`), fastrace-macro 0.7.19 (`get_async_trait_info`), hotpath-macros 0.30.3
/// (`measure_impl`, `measure_all_impl`), autometrics-macros 3.0.0 (`instrument_function`).
const NOT_QUITE: &[(&str, &str, &[&str])] = &[
    // Knows a future by the last expression `async { .. }` or `Box::pin(async { .. })`.
    (
        "tracing",
        MAKING_ONLY,
        &[
            "future_boxed_by_hand",
            "future_by_alias",
            "future_by_hand",
            "future_by_other_alias",
        ],
    ),
    // Knows a future by the last expression `Box::pin(async move { .. })`,
    (
        "fastrace",
        MAKING_ONLY,
        &[
            "future_boxed_by_hand",
            "future_by_alias",
            "future_by_hand",
            "future_by_other_alias",
            "future_with_captures",
        ],
    ),
    ("fastrace", MAKING_ONLY, &["send_future_in_trait"]),
    // and then leaves out the statements before it.
    ("fastrace", "loses statements", &["recursion_async"]),
    // Know a future by `async fn` only.
    ("hotpath", MAKING_ONLY, FUTURES_BY_HAND),
    ("autometrics", MAKING_ONLY, FUTURES_BY_HAND),
    // Measures a module's own functions: this one has none.
    ("hotpath", "measures nothing", &["block_of_module_nested"]),
];

/// Where an attribute has no place by its documentation, so that it fails there is no fault of it.
const NOT_OFFERED: &[(&str, &[&str])] = &[
    ("tracing", BLOCKS),
    ("fastrace", BLOCKS),
    ("hotpath", &["async_trait_on_trait", "block_of_trait"]),
    (
        "autometrics",
        &[
            "async_trait_on_trait",
            "block_of_items_from_macro",
            "block_of_module",
            "block_of_module_nested",
            "block_of_trait",
        ],
    ),
];

/// The attribute is on more than a function.
const BLOCKS: &[&str] = &[
    "async_trait_above",
    "async_trait_below",
    "async_trait_on_trait",
    "block_of_items_from_macro",
    "block_of_methods",
    "block_of_module",
    "block_of_module_nested",
    "block_of_trait",
    "block_of_trait_impl",
    "block_with_const_fn",
];

/// The call that makes the future is timed, not the future.
const MAKING_ONLY: &str = "making only";

/// Where a function that returns a future is no `async fn`, or no longer, once `#[async_trait]` was there.
const FUTURES_BY_HAND: &[&str] = &[
    "async_trait_below",
    "async_trait_method",
    "future_boxed_by_hand",
    "future_by_alias",
    "future_by_hand",
    "future_by_hand_dropped",
    "future_by_other_alias",
    "future_static_by_hand",
    "future_with_captures",
    "recursion_async",
    "send_future_in_trait",
    "track_caller_future",
];

fn main() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shapes = read_shapes(&workspace.join("tests/shapes/cases"));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let refused = |contender| refused_shapes(contender, &shapes, &workspace, folder.path());
    let broken = refused(&CONTROL);
    assert!(broken.is_empty(), "do not compile untouched: {broken:#?}");
    let refused: Vec<Refused> = CONTENDERS.iter().map(refused).collect();

    print_row("shape", CONTENDERS.iter().map(|contender| contender.name));
    print_row("---", CONTENDERS.iter().map(|_| "---"));
    let mut totals = vec![BTreeMap::<&str, usize>::new(); CONTENDERS.len()];
    for shape in &shapes {
        let mut results = Vec::new();
        for (at, contender) in CONTENDERS.iter().enumerate() {
            results.push(result(contender, &refused[at], &shape.name));
            *totals[at].entry(results[at]).or_default() += 1;
        }
        print_row(&shape.description, results);
    }
    let told = totals.iter().map(|totals| {
        let told = totals.iter().rev();
        let told: Vec<_> = told
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        told.join(", ")
    });
    print_row(&format!("of {} shapes", shapes.len()), told);
    for (contender, refused) in CONTENDERS.iter().zip(&refused) {
        println!("\n{} = {}", contender.name, contender.dependency);
        for (shape, error) in refused {
            println!("- {shape}: {}", error.lines().next().unwrap_or_default());
        }
    }
}

/// What the table says of a shape: `yes` if it compiles.
fn result(contender: &Contender, refused: &Refused, shape: &str) -> &'static str {
    if refused.contains_key(shape) {
        let is_this =
            |(name, shapes): &(&str, &[&str])| *name == contender.name && shapes.contains(&shape);
        return if NOT_OFFERED.iter().any(is_this) {
            "not offered"
        } else {
            "no"
        };
    }
    let is_this = |(name, _, shapes): &&(&str, &str, &[&str])| {
        *name == contender.name && shapes.contains(&shape)
    };
    let known = NOT_QUITE.iter().find(is_this);
    known.map_or("yes", |(_, result, _)| result)
}

fn print_row<T: AsRef<str>>(first: &str, cells: impl IntoIterator<Item = T>) {
    print!("| {first} |");
    for cell in cells {
        print!(" {} |", cell.as_ref());
    }
    println!();
}

/// A file of `tests/shapes/cases`.
struct Shape {
    name: String,
    description: String,
    source: String,
}

fn read_shapes(folder: &Path) -> Vec<Shape> {
    let entries = fs::read_dir(folder).expect("the shapes are in the workspace");
    let read = |entry: io::Result<fs::DirEntry>| {
        let path = entry.expect("the folder can be read").path();
        let source = fs::read_to_string(&path).expect("a shape is a text file");
        let description = source.lines().next().unwrap_or_default();
        Shape {
            name: path.file_stem().unwrap_or_default().display().to_string(),
            description: description.trim_start_matches("//! ").to_owned(),
            source,
        }
    };
    let mut shapes: Vec<_> = entries.map(read).collect();
    shapes.sort_by(|one, other| one.name.cmp(&other.name));
    shapes
}

/// The shapes that do not compile, each with its first error.
type Refused = BTreeMap<String, String>;

/// Finds the shapes that do not compile under the contender's attribute.
fn refused_shapes(contender: &Contender, shapes: &[Shape], workspace: &Path, at: &Path) -> Refused {
    let name = contender.name;
    eprintln!("checking {name}");
    let package = at.join(name);
    let write = |name: &str, text: &str| {
        fs::write(package.join(name), text).expect("the temporary folder can be written to");
    };
    fs::create_dir_all(package.join("src/shapes")).expect("a folder can be made in it");
    let root = workspace.display().to_string();
    let dependency = contender.dependency.replace("{workspace}", &root);
    let manifest = format!(
        "[package]\nname = 'shapes'\nedition = '2024'\n\n[workspace]\n\n\
         [dependencies]\nasync-trait = '=0.1.92'\n{name} = {dependency}\n"
    );
    write("Cargo.toml", &manifest);
    let support = fs::read_to_string(workspace.join("tests/shapes/support.rs"));
    write("src/support.rs", &support.expect("it is beside the shapes"));
    write("src/lib.rs", "mod shapes;\nmod support;\n");
    for shape in shapes {
        let source = put_on(contender, &shape.source);
        write(&format!("src/shapes/{}.rs", shape.name), &source);
    }
    let mut refused = Refused::new();
    loop {
        let names = shapes.iter().map(|shape| &shape.name);
        let names = names.filter(|name| !refused.contains_key(*name));
        let modules: String = names.map(|name| format!("mod {name};\n")).collect();
        write("src/shapes.rs", &modules);
        let found = check(&package, &at.join("target"));
        if found.is_empty() {
            return refused;
        }
        // An error in an early phase of the compiler hides those of the later ones: what is left is checked again.
        refused.extend(found);
    }
}

/// Writes the contender's attribute in place of `#[measured]`.
fn put_on(contender: &Contender, source: &str) -> String {
    let source = source.replace("use super::measured;", "");
    let mut parts = source.split("#[measured]");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut lines = part.lines().map(str::trim_start);
        let item = lines.find(|line| !line.is_empty() && !line.starts_with(['#', '/']));
        let word = item.and_then(|item| item.split([' ', '<']).next());
        let attribute = match word {
            Some("impl" | "trait" | "mod") => contender.block_attribute,
            _ => contender.attribute,
        };
        text += &format!("#[::{attribute}]{part}");
    }
    text
}

/// Checks the package, its tests too, and finds the shapes that have errors. Warnings do not count.
fn check(package: &Path, target: &Path) -> Refused {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["check", "--lib", "--profile=test", "--message-format=json"]);
    cargo.current_dir(package).env_remove("RUSTFLAGS");
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        cargo.env("CARGO_TARGET_DIR", target);
    }
    let output = cargo.output().expect("cargo can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found = Refused::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("cargo was asked for JSON");
        let error = &line["message"];
        if error["level"] == "error"
            && let Some(shape) = shape_with(error)
        {
            let text = error["message"].as_str().unwrap_or_default().to_owned();
            found.entry(shape).or_insert(text);
        }
    }
    let is_explained = output.status.success() == found.is_empty();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(is_explained, "an error in no shape:\n{text}{errors}");
    found
}

/// Names the shape that an error is in: where it points, else where it also looks; also through an expansion.
fn shape_with(error: &Value) -> Option<String> {
    let spans = error["spans"].as_array()?;
    let primary = spans.iter().filter(|span| span["is_primary"] == true);
    let expanded = |span| {
        successors(Some(span), |span: &&Value| Some(&span["expansion"]["span"]))
            .take_while(|span| span.is_object())
    };
    primary.chain(spans).flat_map(expanded).find_map(|span| {
        let file = Path::new(span["file_name"].as_str()?);
        let name = file.strip_prefix("src/shapes").ok()?.file_stem()?;
        Some(name.display().to_string())
    })
}
