#![deny(dead_code)]

use starpunk_metrics::track_business;

#[track_business]
fn unused() {}

#[track_business]
async fn unused_too() {}

fn main() {}
