//! The processor's time of whole processes, every thread of them included, also those that have ended.

use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::Pid;

/// The processor's time of this process so far.
pub fn own() -> Duration {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// The processor's time of another process so far, to the nanosecond; `/proc` has it in hundredths of a second.
///
/// # Panics
///
/// Where it has ended.
pub fn of(process: u32) -> Duration {
    let process = i32::try_from(process).expect("the system's numbers are of this type");
    read(ClockId::pid_cpu_clock_id(Pid::from_raw(process)).expect("the process lives"))
}

fn read(clock: ClockId) -> Duration {
    clock.now().expect("the clock is there").into()
}
