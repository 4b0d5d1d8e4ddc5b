use starpunk_metrics::track_business;

#[track_business(crate = "metrics")]
fn function() {}

fn main() {
    function();
}
