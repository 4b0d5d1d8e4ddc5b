use starpunk_metrics::track_business;

#[track_business(fields(one = 1), ok_fields(one = *ret))]
fn function() -> u8 {
    1
}

fn main() {
    function();
}
