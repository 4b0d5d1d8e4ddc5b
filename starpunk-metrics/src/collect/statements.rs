//! Turns what was gathered of statements into what is read.

use std::cmp::Reverse;

use crate::collect::state::State;
use crate::model::callsite::Callsite;
use crate::model::names::Names;
use crate::model::statement_stats::StatementStats;

/// The statements by shape, those with the most time first.
pub(crate) fn statements(state: &State, names: &Names) -> Vec<StatementStats> {
    let mut all: Vec<_> = state
        .aggregate
        .statements
        .iter()
        .map(|(number, series)| {
            let number = u16::try_from(number).unwrap_or_default();
            let known = names.shapes.get(u32::from(number));
            let mut routes = state.callers.get(&number).cloned().unwrap_or_default();
            routes.sort_by_key(|(_, calls)| Reverse(*calls));
            StatementStats {
                query_type: known.shape.query_type,
                table: known.shape.table.to_string(),
                name: known.shape.name.to_string(),
                fingerprint: known.shape.fingerprint.to_string(),
                tally: series.tally.clone(),
                facts: series.facts,
                functions: functions(&series.functions),
                routes: routes
                    .into_iter()
                    .map(|(route, calls)| (names.routes.get(route).name.to_string(), calls))
                    .collect(),
                last_slow_request: series.last_slow.map(|(_, request)| request),
                plan: state.plans.get(&number).map(|report| report.plan.clone()),
            }
        })
        .collect();
    all.sort_by_cached_key(|statement| Reverse(statement.tally.total()));
    all
}

/// Those that call most first; places of one name are one function.
fn functions(places: &[(&'static Callsite, u64)]) -> Vec<(String, u64)> {
    let mut functions: Vec<(String, u64)> = Vec::new();
    for (place, calls) in places {
        match functions.iter_mut().find(|(name, _)| name == place.name()) {
            Some((_, known)) => *known += calls,
            None => functions.push((place.name().to_owned(), *calls)),
        }
    }
    functions.sort_by_key(|(_, calls)| Reverse(*calls));
    functions
}
