//! What the attributes do, argument by argument.

#![allow(clippy::unwrap_used)]
// With the feature `off`, which `--all-features` turns on, what the attributes are given has no user.
#![allow(dead_code)]

mod arguments;
mod blocks;
mod fields;
mod futures;
mod interrupted;
mod keeping;
mod outcomes;
mod recursion;
mod stacking;
