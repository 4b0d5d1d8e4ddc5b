//! Wire formats: each a pure function of a `Snapshot`, or of one trace in it. Whoever serves or sends one calls it; nothing here
//! does either.

mod json;
mod json_requests;
mod json_sqlite;
mod object;
