use starpunk_metrics::track_business;

#[track_business("one" forced, "two")]
fn function() {}

fn main() {
    function();
}
