use starpunk_metrics::track_business;

#[track_business]
async fn function() -> u8 {
    "text"
}

fn main() {
    drop(function());
}
