use starpunk_metrics::track_business;

#[track_business]
fn function() -> u8 {
    let text: String = 1;
    text
}

fn main() {
    let _ = function();
}
