use starpunk_metrics::track_business;

#[track_business(ok_fields(one = ret.len()))]
fn function() -> Result<u8, ()> {
    Ok(1)
}

fn main() {
    function().unwrap();
}
