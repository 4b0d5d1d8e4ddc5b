use starpunk_metrics::track_business;

#[track_business(ok_fields(one = ret))]
fn function() -> Vec<u8> {
    Vec::new()
}

fn main() {
    function();
}
