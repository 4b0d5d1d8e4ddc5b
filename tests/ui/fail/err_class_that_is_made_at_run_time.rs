use starpunk_metrics::track_business;

#[track_business(err_class = |error: &u8| error.to_string())]
fn function() -> Result<u8, u8> {
    Ok(1)
}

fn main() {
    function().unwrap();
}
