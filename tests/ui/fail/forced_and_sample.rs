use starpunk_metrics::monitored_query;

#[monitored_query(forced, sample = 0.5)]
fn function() {}

fn main() {
    function();
}
