//! Which requests are left out.

use std::sync::Arc;

use actix_web::dev::{ResourceDef, ServiceRequest};

type Predicate = Arc<dyn Fn(&ServiceRequest) -> bool + Send + Sync>;

/// What a user named; usually nothing, or the path of a health check.
#[derive(Clone, Default)]
pub(crate) struct Exclusions {
    patterns: Vec<ResourceDef>,
    predicates: Vec<Predicate>,
}

impl Exclusions {
    pub(crate) fn add_pattern(&mut self, pattern: &str) {
        // actix begins each pattern with a slash, given or not.
        let slash = if pattern.starts_with('/') { "" } else { "/" };
        self.patterns
            .push(ResourceDef::new(format!("{slash}{pattern}")));
    }

    pub(crate) fn add_predicate(&mut self, predicate: Predicate) {
        self.predicates.push(predicate);
    }

    /// Whether this route is left out, once it is known: an inner middleware may have changed the path.
    #[inline]
    pub(crate) fn names(&self, route: Option<&str>) -> bool {
        let mut patterns = self.patterns.iter();
        route.is_some() && patterns.any(|pattern| pattern.pattern() == route)
    }

    #[inline]
    pub(crate) fn exclude(&self, request: &ServiceRequest) -> bool {
        self.predicates.iter().any(|predicate| predicate(request))
            || self
                .patterns
                .iter()
                .any(|pattern| is_of_route(request, pattern))
    }
}

/// Matching the path alone is not enough: `/notes/{id}` also matches where `/notes/new` is a route of its own. It is asked
/// first, because it is cheap.
fn is_of_route(request: &ServiceRequest, pattern: &ResourceDef) -> bool {
    // Decoded, as routing reads it.
    let path = request.match_info().as_str();
    pattern.is_match(path)
        && request.resource_map().match_pattern(path).as_deref() == pattern.pattern()
}
