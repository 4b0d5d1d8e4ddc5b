use starpunk_metrics::track_business;

#[track_business(fields(one = value))]
fn function(value: Vec<u8>) {
    drop(value);
}

fn main() {
    function(Vec::new());
}
