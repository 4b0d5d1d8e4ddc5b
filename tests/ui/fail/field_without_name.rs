use starpunk_metrics::track_business;

#[track_business(fields("one" = 1))]
fn function() {}

fn main() {
    function();
}
