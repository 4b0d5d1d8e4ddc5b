//! What was found wrong so far, each trouble once.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::callsite::Callsite;
use crate::model::event::Call;
use crate::model::finding::FindingKind;
use crate::model::request_id::RequestId;
use crate::model::statement::{Flags, Holder, Statement};
use crate::model::transaction::{Ending, Transaction};

/// How many are told apart; what is beyond was not among the first, and is left out.
const MAX_FINDINGS: usize = 200;

/// How many requests a finding remembers.
const MAX_EXAMPLES: usize = 3;

/// SQLite's extended result code for it (rescode.html).
const BUSY_SNAPSHOT: i32 = 517;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) kind: FindingKind,
    pub(crate) shape: Option<u16>,
    pub(crate) route: Option<u32>,
    /// The index of the annotated query, or 0.
    function: usize,
    /// Of a wait, the statement that was waited for.
    pub(crate) holder: Option<u16>,
}

/// What was seen of it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) count: u64,
    pub(crate) time: Duration,
    /// Statements in all, and the most in one request.
    pub(crate) statements: u64,
    pub(crate) most: u64,
    pub(crate) gave_up: u64,
    pub(crate) function: Option<&'static Callsite>,
    pub(crate) holder: Option<Holder>,
    /// Of requests, the worst.
    pub(crate) worst: Worst,
    /// The latest last.
    pub(crate) requests: Vec<RequestId>,
}

/// The worst of some requests: where its time went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worst {
    pub(crate) time: Duration,
    pub(crate) in_statements: Duration,
    pub(crate) in_polls: Duration,
    /// Waiting for the client's body, and for the client or the body after the head of the response.
    pub(crate) in_upload: Duration,
    pub(crate) after_head: Duration,
    /// Waiting for a connection.
    pub(crate) in_pool: Duration,
    /// The statement that is most to blame, if one is.
    pub(crate) shape: Option<u16>,
    /// The function that is, or that of the statement.
    pub(crate) function: Option<&'static Callsite>,
}

#[derive(Debug, Default)]
pub(crate) struct Findings(BTreeMap<Subject, Seen>);

impl Findings {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Subject, &Seen)> {
        self.0.iter()
    }

    /// Looks at a transaction by itself; one that was not left open is nothing to look at.
    pub(crate) fn look_at_transaction(&mut self, transaction: &Transaction) {
        if transaction.ending != Ending::LeftOpen {
            return;
        }
        let kind = FindingKind::LeftOpen;
        if let Some(seen) = self.find(kind, None, None, transaction.function, None) {
            let open = transaction.start.until(transaction.end);
            seen.add(open, transaction.request);
            seen.statements += u64::from(transaction.statements);
        }
    }

    /// Looks at a statement by itself; one without details is nothing to look at.
    pub(crate) fn look_at_statement(&mut self, statement: &Statement, pipeline: u64) {
        let Some(detail) = &statement.detail else {
            return;
        };
        let shape = Some(statement.shape);
        if let Some(lock) = &detail.lock {
            let holder = lock.holder.filter(|holder| holder.pipeline == pipeline);
            let held_by = holder.map(|holder| holder.shape);
            let kind = FindingKind::LockWait;
            if let Some(seen) = self.find(kind, shape, None, statement.function, held_by) {
                seen.add(lock.waited.duration(), statement.request);
                seen.gave_up += u64::from(lock.gave_up);
                seen.holder = holder.or(seen.holder);
            }
        }
        // SQLite refuses at once, and its class is not known where no method of ours ran it.
        let is_upgrade = detail.error_code == Some(BUSY_SNAPSHOT)
            || detail.error_class == Some("refused") && statement.flags.has(Flags::IN_TRANSACTION);
        if is_upgrade {
            let kind = FindingKind::DeferredUpgrade;
            if let Some(seen) = self.find(kind, shape, None, statement.function, None) {
                seen.add(statement.duration(), statement.request);
            }
        }
    }

    /// An annotated query failed for a reason that is known by its class.
    pub(crate) fn look_at_failure(&mut self, call: &Call) {
        if call.error_class() != Some("busy_snapshot") {
            return;
        }
        // Where its statement told the same, that is the finding.
        let is_known = self.0.keys().any(|known| {
            known.kind == FindingKind::DeferredUpgrade && known.function == call.site.index()
        });
        if is_known {
            return;
        }
        let kind = FindingKind::DeferredUpgrade;
        if let Some(seen) = self.find(kind, None, None, Some(call.site), None) {
            seen.add(call.duration(), call.request);
        }
    }

    pub(crate) fn find(
        &mut self,
        kind: FindingKind,
        shape: Option<u16>,
        route: Option<u32>,
        function: Option<&'static Callsite>,
        holder: Option<u16>,
    ) -> Option<&mut Seen> {
        let subject = Subject {
            kind,
            shape,
            route,
            function: function.map_or(0, Callsite::index),
            holder,
        };
        if self.0.len() >= MAX_FINDINGS && !self.0.contains_key(&subject) {
            return None;
        }
        let seen = self.0.entry(subject).or_default();
        seen.function = function;
        Some(seen)
    }
}

impl Seen {
    pub(crate) fn add(&mut self, time: Duration, request: Option<RequestId>) {
        self.count += 1;
        self.time += time;
        let Some(request) = request else { return };
        if self.requests.last() == Some(&request) {
            return;
        }
        if self.requests.len() >= MAX_EXAMPLES {
            self.requests.remove(0);
        }
        self.requests.push(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::{TickSpan, Ticks};
    use crate::model::operation::OutcomeKind;
    use crate::model::statement::{LockWait, StatementDetail};

    fn waiting(shape: u16, request: RequestId, pipeline: u64) -> Statement {
        Statement {
            function: None,
            start: Ticks::ZERO,
            detail: Some(Box::new(StatementDetail {
                lock: Some(Box::new(LockWait {
                    waited: TickSpan::of(1_000),
                    retries: 1,
                    gave_up: false,
                    holder: Some(Holder {
                        pipeline,
                        function: None,
                        request: None,
                        shape: 7,
                        held: TickSpan::default(),
                    }),
                })),
                ..StatementDetail::default()
            })),
            request: Some(request),
            taken: TickSpan::default(),
            rows: 0,
            steps: 0,
            shape,
            flags: Flags::default(),
            outcome: OutcomeKind::Ok,
        }
    }

    #[test]
    fn there_is_a_bound_and_what_was_found_first_goes_on_being_counted() {
        let mut findings = Findings::default();
        let request = RequestId::random();
        for shape in 0..1_000 {
            findings.look_at_statement(&waiting(shape, request, 1), 1);
        }
        findings.look_at_statement(&waiting(0, request, 1), 1);
        assert_eq!(findings.iter().count(), MAX_FINDINGS);
        let (_, first) = findings.iter().next().expect("there are some");
        assert_eq!(first.count, 2);
    }

    #[test]
    fn examples_are_the_latest_requests_each_once() {
        let mut findings = Findings::default();
        let requests: Vec<RequestId> = (0..5).map(|_| RequestId::random()).collect();
        for request in &requests {
            findings.look_at_statement(&waiting(1, *request, 1), 1);
            findings.look_at_statement(&waiting(1, *request, 1), 1);
        }
        let (_, seen) = findings.iter().next().expect("there is one");
        assert_eq!(seen.requests, requests[2..]);
    }

    #[test]
    fn a_holder_of_another_pipeline_is_not_named_by_a_number_of_this_one() {
        let mut findings = Findings::default();
        findings.look_at_statement(&waiting(1, RequestId::random(), 2), 1);
        let (subject, seen) = findings.iter().next().expect("there is one");
        assert_eq!(subject.holder, None);
        assert!(seen.holder.is_none());
    }
}
