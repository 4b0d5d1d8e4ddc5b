use starpunk_metrics::track_business;

trait Store {
    #[track_business]
    fn function(&self);
}

impl Store for u8 {
    fn function(&self) {}
}

fn main() {
    1_u8.function();
}
