use starpunk_metrics::track_business;

#[track_business]
async fn function() {
    let here = std::rc::Rc::new(1);
    std::future::ready(()).await;
    drop(here);
}

fn send(_: impl Send) {}

fn main() {
    send(function());
}
