//! The names of routes: bounded, whatever clients send.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::{ResourceMap, Url};
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Method, Uri};
use foldhash::fast::FixedState;

use crate::instrument::actix::paths::PathPatterns;
use crate::model::route_names::RouteName;
use crate::record::recorder::Recorder;

/// The route of what no resource matched.
const UNMATCHED: &str = "UNMATCHED";

/// How many patterns a worker remembers the numbers of; the table behind is bounded by itself.
const MAX_CACHED_PATTERNS: usize = 1_000;

/// A method and a pattern in the table of one pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) number: u32,
    pub(crate) name: Arc<RouteName>,
}

/// Where a request went, without all else that is in its URI.
#[derive(Debug)]
pub(crate) struct Path(Option<PathAndQuery>);

impl Path {
    #[inline]
    pub(crate) fn of(uri: &Uri) -> Self {
        Self(uri.path_and_query().cloned())
    }

    fn as_str(&self) -> &str {
        self.0.as_ref().map_or("", PathAndQuery::path)
    }
}

/// One worker's view of the App's routes.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// The App's resources, taken from the first request: where there is no response there is no request to ask.
    resources: RefCell<Option<Rc<ResourceMap>>>,
    known: RefCell<Known>,
    paths: RefCell<PathPatterns>,
}

/// What this worker has looked up.
#[derive(Debug, Default)]
struct Known {
    pipeline: u64,
    // Patterns are the application's own: nobody chooses them to collide.
    by_pattern: HashMap<Box<str>, [Option<Route>; MethodLabel::COUNT], FixedState>,
}

impl Routes {
    #[inline]
    pub(crate) fn learn(&self, resources: &ResourceMap) {
        let mut known = self.resources.borrow_mut();
        if known.is_none() {
            *known = Some(Rc::new(resources.clone()));
        }
    }

    /// The pattern that a path would match, where routing can not be asked: before it, or where there is no response.
    pub(crate) fn pattern_of(&self, path: &Path) -> Option<String> {
        // Decoded, as routing reads it.
        let path = Url::new(path.0.clone().map(Uri::from).unwrap_or_default());
        self.resources.borrow().as_ref()?.match_pattern(path.path())
    }

    /// The same, but rather at once than for certain: a pattern that has answered such paths before may not be the one to answer
    /// this. Matching all of them costs as much as routing itself.
    pub(crate) fn guess(&self, path: &Path) -> Option<Rc<str>> {
        let known = self.paths.borrow().find(path.as_str());
        known.or_else(|| self.pattern_of(path).map(Rc::from))
    }

    /// Looks at the route of a method and a pattern in the pipeline's table.
    pub(crate) fn find<R>(
        &self,
        recorder: &Recorder,
        method: MethodLabel,
        pattern: Option<&str>,
        look: impl FnOnce(&Route) -> R,
    ) -> R {
        let pattern = match pattern {
            // A service mounted at the root has an empty pattern.
            Some("") => "/",
            Some(pattern) => pattern,
            None => UNMATCHED,
        };
        let mut known = self.known.borrow_mut();
        if known.pipeline != recorder.id || known.by_pattern.len() > MAX_CACHED_PATTERNS {
            known.pipeline = recorder.id;
            known.by_pattern.clear();
        }
        if let Some(Some(route)) = known
            .by_pattern
            .get(pattern)
            .map(|all| &all[method.index()])
        {
            return look(route);
        }
        let (number, name) = recorder.names.routes.intern(method.as_str(), pattern);
        let route = Route { number, name };
        if !known.by_pattern.contains_key(pattern) {
            self.paths.borrow_mut().learn(pattern);
        }
        let all = known.by_pattern.entry(pattern.into()).or_default();
        look(all[method.index()].insert(route))
    }
}

/// The method as a label: clients may spell any, and each would be a series.
///
/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>: what is not known MUST be `_OTHER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MethodLabel(u8);

impl MethodLabel {
    const COUNT: usize = 11;

    const LABELS: [&str; Self::COUNT] = [
        "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "QUERY",
        "_OTHER",
    ];

    pub(crate) fn of(method: &Method) -> Self {
        let method = method.as_str();
        let known = Self::LABELS.iter().position(|label| *label == method);
        // A client that spells `_OTHER` gets it.
        Self(known.unwrap_or(Self::COUNT - 1) as u8)
    }

    pub(crate) fn as_str(self) -> &'static str {
        Self::LABELS[self.index()]
    }

    fn index(self) -> usize {
        usize::from(self.0)
    }
}
