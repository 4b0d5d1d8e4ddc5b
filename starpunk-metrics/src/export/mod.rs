//! Wire formats: each a pure function of a `Snapshot`. Whoever serves or sends one calls it; nothing here does either.

mod json;
mod json_sqlite;
