//! Compares ways of doing the same, interleaved in one run: on a shared machine only the ratio counts.
//!
//! A level's bench names its [`Contender`]s, [`measure()`]s them, prints a [`Table`], and says by [`Reach`] how far its goals
//! are reached. `--quick`, or the variable `BENCH_QUICK`, makes a run of a few rounds, to see that all of it works.

pub mod clock;
pub mod contender;
pub mod measure;
pub mod memory;
pub mod order;
pub mod reach;
pub mod request;
pub mod run;
pub mod spread;
pub mod statement;
pub mod table;

pub use contender::{Contender, batch, contender};
pub use measure::{Measured, Plan, measure};
pub use reach::{Goal, Reach};
pub use run::{quick, seconds};
pub use spread::Spread;
pub use table::{Above, Table};
