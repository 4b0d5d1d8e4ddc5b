//! What measuring takes of a whole application: of the blog, as a process of its own, and of memory.

mod client;
mod pages;
mod resident;
mod server;

use benches::Reach;

fn main() {
    if resident::is_child() {
        return;
    }
    let folder = tempfile::tempdir().expect("there is room");
    let pages = pages::compare(folder.path());
    let resident = resident::compare();
    Reach {
        level: "whole",
        goals: vec![pages, resident],
    }
    .print();
}
