use starpunk_metrics::track_business;

#[track_business(" ")]
fn function() {}

fn main() {
    function();
}
