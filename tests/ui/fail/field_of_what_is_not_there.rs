use starpunk_metrics::track_business;

#[track_business(fields(one = missing))]
fn function() {}

fn main() {
    function();
}
