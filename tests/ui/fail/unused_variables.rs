#![deny(unused_variables, unused_mut)]

use starpunk_metrics::track_business;

#[track_business]
fn function(one: u8, two: String, three: String) {
    let mut four = three;
}

fn main() {
    function(1, String::new(), String::new());
}
