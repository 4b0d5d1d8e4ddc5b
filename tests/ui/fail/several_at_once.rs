use starpunk_metrics::track_business;

#[track_business("", slow = "fast", fields(one, two), nmae = 1)]
fn function() {}

fn main() {
    function();
}
