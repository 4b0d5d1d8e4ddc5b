use starpunk_metrics::track_business;

#[track_business(table = "notes")]
fn function() {}

fn main() {
    function();
}
