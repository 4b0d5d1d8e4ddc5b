use starpunk_metrics::track_business;

#[track_business]
const fn function() -> u8 {
    1
}

fn main() {
    let _ = [0; function() as usize];
}
