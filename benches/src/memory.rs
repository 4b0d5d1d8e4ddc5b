//! What a process has in memory, from `/proc`.

use std::fs;

/// What a process has in memory, and the most that it has had.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub resident_bytes: u64,
    pub peak_bytes: u64,
}

impl Memory {
    /// Reads it of this process.
    pub fn own() -> Self {
        Self::read("self")
    }

    /// Reads it of another one.
    pub fn of(process: u32) -> Self {
        Self::read(&process.to_string())
    }

    fn read(process: &str) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status"))
            .expect("this is Linux, and the process lives");
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
            let number = number.and_then(|number| number.parse::<u64>().ok());
            number.expect("every process has this line") * 1024
        };
        Self {
            resident_bytes: kilobytes("VmRSS:"),
            peak_bytes: kilobytes("VmHWM:"),
        }
    }
}

/// In MiB.
pub fn mebibytes(bytes: f64) -> f64 {
    bytes / (1024.0 * 1024.0)
}
