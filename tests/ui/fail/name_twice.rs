use starpunk_metrics::track_business;

#[track_business("one", name = "two")]
fn function() {}

fn main() {
    function();
}
