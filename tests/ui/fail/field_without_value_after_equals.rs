use starpunk_metrics::track_business;

#[track_business(fields(one = , two = %))]
fn function() {}

fn main() {
    function();
}
