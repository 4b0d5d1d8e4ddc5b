use starpunk_metrics::monitored_query;

#[monitored_query(table = "")]
fn function() {}

fn main() {
    function();
}
