use starpunk_metrics::monitored_query;

#[monitored_query(sample = -1)]
fn function() {}

fn main() {
    function();
}
