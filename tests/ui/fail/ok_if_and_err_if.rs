use starpunk_metrics::track_business;

#[track_business(ok_if = Option::is_some, err_if = Option::is_none)]
fn function() -> Option<u8> {
    None
}

fn main() {
    function();
}
