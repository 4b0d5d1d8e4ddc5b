use starpunk_metrics::track_business;

#[track_business]
#[track_caller]
fn function() -> Result<u8, String> {
    let number = "1".parse::<u8>()?;
    Ok(number)
}

fn main() {
    function().unwrap();
}
