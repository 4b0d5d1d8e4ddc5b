use starpunk_metrics::track_business;

#[track_business("one", skip)]
fn function() {}

fn main() {
    function();
}
