use starpunk_metrics::track_business;

#[track_business(fields(one))]
fn function() {}

fn main() {
    function();
}
