#![deny(unused_must_use)]

use starpunk_metrics::track_business;

#[track_business]
#[must_use]
fn function() -> u8 {
    1
}

fn main() {
    function();
}
