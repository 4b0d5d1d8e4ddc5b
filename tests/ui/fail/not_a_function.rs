use starpunk_metrics::track_business;

#[track_business]
struct Function;

fn main() {
    let _ = Function;
}
