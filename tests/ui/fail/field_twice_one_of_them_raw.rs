use starpunk_metrics::track_business;

#[track_business(fields(r#one = 1, one = 2))]
fn function() {}

fn main() {
    function();
}
