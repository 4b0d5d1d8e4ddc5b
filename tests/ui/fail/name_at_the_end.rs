use starpunk_metrics::track_business;

#[track_business(name = )]
fn function() {}

fn main() {
    function();
}
