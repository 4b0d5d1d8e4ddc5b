use starpunk_metrics::track_business;

#[track_business(nmae = "one")]
fn function() {}

fn main() {
    function();
}
