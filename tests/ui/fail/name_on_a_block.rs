use starpunk_metrics::track_business;

struct Store;

#[track_business("one")]
impl Store {
    fn function() {}
    fn other() {}
}

fn main() {
    Store::function();
    Store::other();
}
