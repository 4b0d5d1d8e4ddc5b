use starpunk_metrics::track_business;

#[track_business(fields = 1)]
fn function() {}

fn main() {
    function();
}
