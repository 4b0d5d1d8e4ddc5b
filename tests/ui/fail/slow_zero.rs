use starpunk_metrics::monitored_query;

#[monitored_query(slow = "0ms")]
fn function() {}

fn main() {
    function();
}
