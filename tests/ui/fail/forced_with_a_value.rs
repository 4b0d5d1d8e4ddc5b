use starpunk_metrics::track_business;

#[track_business(forced = true)]
fn function() {}

fn main() {
    function();
}
