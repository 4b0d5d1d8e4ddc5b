//! made by `macro_rules!`, its `-> !` a `$ty:ty`

use super::measured;
use crate::support::{pause, poll_once};

macro_rules! define {
    ($name:ident => $output:ty) => {
        #[measured]
        async fn $name() -> $output {
            loop {
                pause().await;
            }
        }
    };
}

define!(never => !);

pub(crate) const RECORDS: &[&str] = &["never cancelled"];

pub(crate) fn run() -> String {
    poll_once(never()).is_pending().to_string()
}
