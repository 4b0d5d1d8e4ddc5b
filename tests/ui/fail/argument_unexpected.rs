use starpunk_metrics::track_business;

#[track_business(12)]
fn function() {}

fn main() {
    function();
}
