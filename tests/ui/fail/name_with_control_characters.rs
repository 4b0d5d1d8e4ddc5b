use starpunk_metrics::track_business;

#[track_business("one\ntwo")]
fn function() {}

fn main() {
    function();
}
