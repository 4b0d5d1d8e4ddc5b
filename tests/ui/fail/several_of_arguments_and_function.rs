use starpunk_metrics::track_business;

#[track_business(nmae = 1)]
const fn function() {}

fn main() {
    function();
}
