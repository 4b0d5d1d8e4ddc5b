use starpunk_metrics::track_business;

#[track_business]
fn function(text: &str) -> usize {
    text.
}

fn main() {
    function("text");
}
