//! The names of routes: method and pattern, and never what a client spelt. Bounded, with one entry for the rest.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::interner::{Interner, OVERFLOW};

/// How many route patterns have series of their own, how many pairs of those with a method, and how many bytes all their names
/// may have together.
const MAX_PATTERNS: usize = 200;
const MAX_ROUTES: usize = 1_000;
const MAX_ROUTE_BYTES: usize = 128 * 1024;

/// A method and a route pattern.
#[derive(Debug)]
pub(crate) struct RouteName {
    pub(crate) method: &'static str,
    pub(crate) route: Box<str>,
    /// `METHOD route`.
    pub(crate) name: Box<str>,
    /// Requests under way that are known to be here.
    in_flight: AtomicU64,
}

impl RouteName {
    pub(crate) fn new(method: &'static str, route: &str) -> Self {
        Self {
            method,
            route: route.into(),
            name: format!("{method} {route}").into(),
            in_flight: AtomicU64::new(0),
        }
    }

    // Relaxed: a number of its own.
    pub(crate) fn request_entered(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    pub(crate) fn request_left(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }
}

/// The routes of one pipeline.
#[derive(Debug)]
pub(crate) struct RouteNames {
    names: Interner<RouteName>,
    /// `len() <= MAX_PATTERNS`.
    patterns: Mutex<HashSet<Box<str>>>,
}

impl Default for RouteNames {
    fn default() -> Self {
        let overflow = RouteName::new("_OTHER", "OVERFLOW");
        Self {
            names: Interner::new(MAX_ROUTES, MAX_ROUTE_BYTES, overflow),
            patterns: Mutex::default(),
        }
    }
}

impl RouteNames {
    /// Returns the number of a method and a pattern, and its entry.
    pub(crate) fn intern(&self, method: &'static str, pattern: &str) -> (u32, Arc<RouteName>) {
        let number = if self.admits(pattern) {
            let name = RouteName::new(method, pattern);
            let key = name.name.clone();
            self.names.intern(&key, || name)
        } else {
            self.names.refuse();
            OVERFLOW
        };
        (number, self.get(number))
    }

    /// A pattern has its series with every method: methods that nobody serves must not push out patterns.
    fn admits(&self, pattern: &str) -> bool {
        let mut patterns = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        if patterns.contains(pattern) {
            return true;
        }
        patterns.len() < MAX_PATTERNS && patterns.insert(pattern.into())
    }

    pub(crate) fn get(&self, number: u32) -> Arc<RouteName> {
        self.names.get(number)
    }

    /// How many requests are under way at each route that has any, by its number.
    pub(crate) fn in_flight(&self) -> Vec<(u32, u64)> {
        let mut all = Vec::new();
        self.names.for_each(|number, name| {
            let in_flight = name.in_flight.load(Relaxed);
            if in_flight > 0 {
                all.push((number, in_flight));
            }
        });
        all
    }

    /// How often a name was refused because a table was full.
    pub(crate) fn refused(&self) -> u64 {
        self.names.refused()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_patterns_have_series_and_the_rest_share_one() {
        let routes = RouteNames::default();
        for number in 0..300 {
            routes.intern("GET", &format!("/{number}"));
            routes.intern("POST", &format!("/{number}"));
        }
        let (number, name) = routes.intern("GET", "/250");
        assert_eq!((number, &*name.name), (OVERFLOW, "_OTHER OVERFLOW"));
        let (known, name) = routes.intern("DELETE", "/7");
        assert_ne!(known, OVERFLOW);
        assert_eq!(&*name.name, "DELETE /7");
        assert_eq!(routes.refused(), 201);
    }

    #[test]
    fn what_is_under_way_is_told_by_route() {
        let routes = RouteNames::default();
        let (number, name) = routes.intern("GET", "/");
        name.request_entered();
        assert_eq!(routes.in_flight(), [(number, 1)]);
        name.request_left();
        assert_eq!(routes.in_flight(), []);
    }
}
