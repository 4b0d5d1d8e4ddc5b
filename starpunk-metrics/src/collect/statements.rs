//! Turns what was gathered of statements into what is read.

use std::cmp::Reverse;

use crate::collect::state::State;
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
            let mut functions = series.functions.clone();
            functions.sort_by_key(|(_, calls)| Reverse(*calls));
            let mut routes = state.callers.get(&number).cloned().unwrap_or_default();
            routes.sort_by_key(|(_, calls)| Reverse(*calls));
            StatementStats {
                query_type: known.shape.query_type,
                table: known.shape.table.to_string(),
                name: known.shape.name.to_string(),
                fingerprint: known.shape.fingerprint.to_string(),
                tally: series.tally.clone(),
                facts: series.facts,
                functions: functions
                    .into_iter()
                    .map(|(function, calls)| (function.name().to_owned(), calls))
                    .collect(),
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
