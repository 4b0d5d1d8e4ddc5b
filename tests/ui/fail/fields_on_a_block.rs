use starpunk_metrics::track_business;

#[track_business(fields(one = 1), ok_fields(two = 2))]
mod block {
    pub fn function() {}
}

fn main() {
    block::function();
}
