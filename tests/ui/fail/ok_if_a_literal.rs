use starpunk_metrics::track_business;

#[track_business(ok_if = true)]
fn function() {}

fn main() {
    function();
}
