use starpunk_metrics::monitored_query;

#[monitored_query(slow = "50")]
fn function() {}

fn main() {
    function();
}
