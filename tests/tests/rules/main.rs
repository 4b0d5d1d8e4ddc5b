//! The seven rules of ARCHITECTURE.md, each as what a user can see of it.

#![allow(clippy::unwrap_used)]

mod bounds;
mod exact;
mod forced;
mod outcomes;
mod privacy;
mod threads;
mod unhurt;
