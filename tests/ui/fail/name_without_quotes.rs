use starpunk_metrics::track_business;

#[track_business(name = one)]
fn function() {}

fn main() {
    function();
}
