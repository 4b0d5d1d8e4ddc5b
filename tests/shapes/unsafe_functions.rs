//! `unsafe` functions, which the crate of the other shapes forbids.

#![deny(warnings, clippy::all, clippy::pedantic)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use starpunk_metrics::{monitored_query, track_business, Config, Metrics};

/// # Safety
///
/// `number` is not null.
#[track_business("unsafe")]
unsafe fn read(number: *const u8) -> u8 {
    // SAFETY: the caller says so.
    unsafe { *number }
}

#[monitored_query("unsafe later")]
async unsafe fn read_later(number: &u8) -> u8 {
    std::future::ready(()).await;
    // SAFETY: a reference is never null.
    unsafe { *std::ptr::from_ref(number) }
}

#[track_business("unsafe for C")]
unsafe extern "C" fn read_for_c(number: *const u8) -> u8 {
    // SAFETY: the caller says so.
    unsafe { read(number) }
}

/// # Safety
///
/// None is needed; the block has to find its functions.
#[track_business]
mod block {
    pub(super) unsafe extern "C" fn inside() {}
}

#[test]
fn an_unsafe_function_is_measured_and_stays_unsafe() {
    let metrics = Metrics::scoped(Config::default().test_mode(true)).unwrap();
    let _entered = metrics.enter();
    // SAFETY: all of them read a number that is there.
    unsafe {
        assert_eq!(read(&7), 7);
        let later = pin!(read_later(&7));
        let polled = Future::poll(later, &mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(7));
        assert_eq!(read_for_c(&7), 7);
        block::inside();
    }
    assert_eq!(
        metrics
            .metrics()
            .iter()
            .map(|metric| metric.operation_name.as_str())
            .collect::<Vec<_>>(),
        [
            "unsafe",
            "unsafe later",
            "unsafe",
            "unsafe for C",
            "unsafe_functions::block::inside"
        ]
    );
}
