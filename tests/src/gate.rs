//! A gate at which a handler waits until its test opens it.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// Shared by its clones; opened once for all who wait and all who come.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    is_open: bool,
    waiting: Vec<Waker>,
}

impl Gate {
    pub fn open(&self) {
        let mut inside = self.0.lock().unwrap();
        inside.is_open = true;
        inside.waiting.drain(..).for_each(Waker::wake);
    }

    pub async fn pass(&self) {
        poll_fn(|cx| {
            let mut inside = self.0.lock().unwrap();
            if inside.is_open {
                return Poll::Ready(());
            }
            inside.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
