use starpunk_metrics::track_business;

#[track_business(skip, slow = "1s")]
fn function() {}

fn main() {
    function();
}
