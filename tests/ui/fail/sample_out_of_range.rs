use starpunk_metrics::monitored_query;

#[monitored_query(sample = 1.5)]
fn function() {}

fn main() {
    function();
}
