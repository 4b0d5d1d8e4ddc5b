//! What the attributes do, argument by argument.

#![allow(clippy::unwrap_used)]

mod arguments;
mod blocks;
mod fields;
mod futures;
mod interrupted;
mod keeping;
mod outcomes;
mod recursion;
mod stacking;
