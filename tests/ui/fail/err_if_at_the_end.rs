use starpunk_metrics::track_business;

#[track_business(err_if = )]
fn function() {}

fn main() {
    function();
}
