use starpunk_metrics::track_business;

#[track_business(ok_fields(one = *ret), err_class = f)]
fn function() -> ! {
    panic!()
}

fn main() {
    function();
}
