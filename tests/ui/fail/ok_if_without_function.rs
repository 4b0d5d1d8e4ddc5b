use starpunk_metrics::track_business;

#[track_business(ok_if)]
fn function() {}

fn main() {
    function();
}
