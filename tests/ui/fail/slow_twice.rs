use starpunk_metrics::monitored_query;

#[monitored_query(slow = "1s", slow = "2s")]
fn function() {}

fn main() {
    function();
}
