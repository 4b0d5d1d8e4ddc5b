//! Counts what is allocated, in a test whose allocator is `alloc_tracker`'s.

use alloc_tracker::Session;

/// How many allocations `work` makes on this thread; others do not disturb the count.
pub fn of_this_thread(work: impl FnOnce()) -> u64 {
    let session = Session::new().no_stdout().no_file();
    let span = session.operation("work").measure_thread().iterations(1);
    work();
    drop(span);
    total(&session)
}

/// How many allocations all threads make during `work`, whoever they belong to.
pub fn of_all_threads(work: impl FnOnce()) -> u64 {
    let session = Session::new().no_stdout().no_file();
    let span = session.operation("work").measure_process().iterations(1);
    work();
    drop(span);
    total(&session)
}

fn total(session: &Session) -> u64 {
    let report = session.to_report();
    let counts = report
        .operations()
        .map(|(_, operation)| operation.total_allocations_count());
    counts.sum()
}
