use starpunk_metrics::track_business;

#[track_business]
enum Function {
    One,
}

fn main() {
    let _ = Function::One;
}
