use starpunk_metrics::track_business;

#[track_business(ok_if = Option::is_some)]
fn function() -> Result<u8, ()> {
    Ok(1)
}

fn main() {
    function().unwrap();
}
