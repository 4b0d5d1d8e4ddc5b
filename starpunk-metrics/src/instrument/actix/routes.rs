//! The names of routes: bounded, whatever clients send.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use actix_web::dev::ResourceMap;
use actix_web::http::{Method, Uri};

use crate::model::names::RouteName;
use crate::record::recorder::Recorder;

/// The route of what no resource matched.
const UNMATCHED: &str = "UNMATCHED";

/// How many routes a worker remembers the number of; the table behind is bounded by itself.
const MAX_CACHED_ROUTES: usize = 1_000;

/// One worker's view of the App's routes.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// The App's resources, taken from the first request: where there is no response there is no request to ask.
    resources: RefCell<Option<Rc<ResourceMap>>>,
    numbers: RefCell<Numbers>,
}

#[derive(Debug, Default)]
struct Numbers {
    pipeline: u64,
    by_route: HashMap<(&'static str, Box<str>), u32>,
}

impl Routes {
    pub(crate) fn learn(&self, resources: &ResourceMap) {
        let mut known = self.resources.borrow_mut();
        if known.is_none() {
            *known = Some(Rc::new(resources.clone()));
        }
    }

    /// The pattern that a path would match, where routing can no longer be asked.
    pub(crate) fn pattern_of(&self, uri: &Uri) -> Option<String> {
        self.resources.borrow().as_ref()?.match_pattern(uri.path())
    }

    /// The number of a method and a pattern in the pipeline's table.
    pub(crate) fn number(
        &self,
        recorder: &Recorder,
        method: &'static str,
        pattern: Option<&str>,
    ) -> u32 {
        let route = match pattern {
            // A service mounted at the root has an empty pattern.
            Some("") => "/",
            Some(pattern) => pattern,
            None => UNMATCHED,
        };
        let mut numbers = self.numbers.borrow_mut();
        if numbers.pipeline != recorder.id || numbers.by_route.len() > MAX_CACHED_ROUTES {
            *numbers = Numbers {
                pipeline: recorder.id,
                by_route: HashMap::new(),
            };
        }
        let key = (method, Box::from(route));
        *numbers.by_route.entry(key).or_insert_with(|| {
            let name = RouteName::new(method, route);
            let key = name.name.clone();
            recorder.names.routes.intern(&key, || name)
        })
    }
}

/// The method as a label: clients may spell any, and each would be a series.
///
/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>: what is not known MUST be `_OTHER`.
pub(crate) fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 10] = [
        "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "QUERY",
    ];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or("_OTHER")
}
