use super::*;
use std::sync::Arc;

use crate::collect::requests::End;
use crate::model::clock::TickSpan;
use crate::model::ended_request::{EndedRequest, RequestPolls};
use crate::model::event::Event;
use crate::model::names::KnownShape;
use crate::model::operation::OutcomeKind;
use crate::model::request_id::RequestId;
use crate::model::sampling::SamplingRate;
use crate::model::statement::{Flags, Statement};

fn policy() -> Policy {
    Policy {
        slow_query: Duration::MAX,
        slow_statements: Arc::new([]),
        repeated_statements: 5,
        many_statements: 50,
        slow_request: Duration::from_secs(1),
        slow_poll: Duration::from_millis(10),
        sampling: SamplingRate::new(1.0),
    }
}

/// A request that took no time, answered 200 and did nothing.
fn end() -> RequestEnd {
    RequestEnd {
        status: Some(200),
        ..RequestEnd::UNKNOWN
    }
}

fn ended(end: RequestEnd) -> Ended {
    let request = Arc::new(EndedRequest::new(RequestId::random(), Some(end)));
    Ended {
        end: End {
            verdict: policy().judge(&Event::Request(Arc::clone(&request))),
            request,
            thread: 1,
            is_sampled: false,
        },
        children: Vec::new(),
        omitted: 0,
        statements: Vec::new(),
    }
}

/// What is said of a request, and of which statement.
fn found(ended: &Ended) -> (Vec<TraceReason>, Vec<(FindingKind, Option<u16>)>) {
    let mut findings = Findings::default();
    let reasons = findings.look_at_request(ended, &Names::default(), &policy());
    let found = findings.iter();
    let found = found.map(|(subject, seen)| (subject.kind, seen.worst.shape));
    (reasons.iter().collect(), found.collect())
}

fn statement(shape: u16, start: Ticks, taken: TickSpan, outcome: OutcomeKind) -> Statement {
    Statement {
        function: None,
        start,
        detail: None,
        request: None,
        taken,
        rows: 0,
        steps: 0,
        shape,
        flags: Flags::default(),
        outcome,
    }
}

#[test]
fn what_is_nothing_special_is_kept_where_it_was_sampled() {
    let mut ended = ended(end());
    assert_eq!(found(&ended), (vec![], vec![]));
    ended.end.is_sampled = true;
    assert_eq!(found(&ended), (vec![TraceReason::Sampled], vec![]));
}

#[test]
fn a_failure_names_the_statement_that_failed() {
    let mut ended = ended(RequestEnd {
        outcome: RequestOutcome::ServerError,
        status: Some(500),
        ..end()
    });
    for (shape, outcome) in [(7, OutcomeKind::Error), (8, OutcomeKind::Ok)] {
        let statement = statement(shape, Ticks::ZERO, TickSpan::ZERO, outcome);
        ended.children.push(Child::of_statement(&statement, 1));
    }
    let kind = FindingKind::FailingRequests;
    assert_eq!(
        found(&ended),
        (vec![TraceReason::Failed], vec![(kind, Some(7))])
    );
}

#[test]
fn a_client_that_left_is_kept_and_no_trouble() {
    for outcome in [RequestOutcome::Cancelled, RequestOutcome::AbortedBody] {
        let ended = ended(RequestEnd { outcome, ..end() });
        assert_eq!(found(&ended), (vec![TraceReason::Failed], vec![]));
    }
}

#[test]
fn a_blocked_worker_names_the_statement_in_the_poll_and_on_its_thread() {
    let long = TickSpan::of(crate::model::clock::ticks_in(Duration::from_millis(30)));
    let polls = RequestPolls {
        busy: long,
        longest: long,
        longest_began: Ticks::ZERO,
    };
    let mut ended = ended(RequestEnd { polls, ..end() });
    for (shape, start, thread) in [
        (7, Ticks::ZERO, 1),
        (8, Ticks::ZERO, 2),
        (9, Ticks::ZERO.after(long).after(long), 1),
    ] {
        let statement = statement(shape, start, long, OutcomeKind::Ok);
        ended.children.push(Child::of_statement(&statement, thread));
    }
    let kind = FindingKind::BlockedExecutor;
    let reasons = vec![TraceReason::BlockedExecutor];
    assert_eq!(found(&ended), (reasons, vec![(kind, Some(7))]));
}

#[test]
fn more_statements_than_many_are_a_finding_and_as_many_are_none() {
    let many = |statements| {
        ended(RequestEnd {
            statements,
            ..end()
        })
    };
    assert_eq!(found(&many(50)), (vec![], vec![]));
    let kind = FindingKind::ManyStatements;
    let reasons = vec![TraceReason::ManyStatements];
    assert_eq!(found(&many(51)), (reasons, vec![(kind, None)]));
}

#[test]
fn writes_are_repeated_where_enough_of_them_were_alone() {
    let names = Names::default();
    let shape = Shape {
        query_type: "UPDATE",
        table: "notes".into(),
        name: "UPDATE notes".into(),
        fingerprint: "UPDATE notes SET n = ?".into(),
        effect: Effect::Write,
    };
    let number = names
        .shapes
        .intern("update notes", || KnownShape::new(shape));
    for (alone, expected) in [(4, 0), (5, 1)] {
        let mut findings = Findings::default();
        let mut ended = ended(end());
        ended.statements.push(Repeated {
            shape: u16::try_from(number).expect("it is the first"),
            function: None,
            count: 9,
            alone,
            taken: TickSpan::default(),
        });
        findings.look_at_request(&ended, &names, &policy());
        assert_eq!(findings.iter().count(), expected, "{alone}");
    }
}

#[test]
fn a_panic_blocks_nothing_because_it_takes_its_time_to_be_told() {
    let long = TickSpan::of(crate::model::clock::ticks_in(Duration::from_millis(30)));
    let polls = RequestPolls {
        busy: long,
        longest: long,
        longest_began: Ticks::ZERO,
    };
    let outcome = RequestOutcome::Panic;
    let ended = ended(RequestEnd {
        outcome,
        polls,
        ..end()
    });
    let kind = FindingKind::FailingRequests;
    assert_eq!(
        found(&ended),
        (vec![TraceReason::Failed], vec![(kind, None)])
    );
}

/// What a request ran of one shape.
fn repeated(count: u32, millis: u64) -> Repeated {
    let ticks = crate::model::clock::ticks_in(Duration::from_millis(millis));
    Repeated {
        shape: 7,
        function: None,
        count,
        alone: 0,
        taken: TickSpan::of(ticks),
    }
}

#[test]
fn a_slow_request_names_the_statement_that_took_a_quarter_of_it() {
    let second = TickSpan::of(crate::model::clock::ticks_in(Duration::from_millis(1_001)));
    for (millis, shape) in [(10, None), (240, None), (260, Some(7))] {
        let mut ended = ended(RequestEnd {
            end: Ticks::ZERO.after(second),
            ..end()
        });
        ended.statements.push(repeated(1, millis));
        let kind = FindingKind::SlowRequests;
        let expected = (vec![TraceReason::Slow], vec![(kind, shape)]);
        assert_eq!(found(&ended), expected, "{millis} ms");
    }
}

#[test]
fn many_statements_name_the_one_that_was_a_quarter_of_them() {
    let policy = Policy {
        repeated_statements: u32::MAX,
        ..policy()
    };
    for (count, shape) in [(14, None), (15, Some(7))] {
        let mut ended = ended(RequestEnd {
            statements: 60,
            ..end()
        });
        ended.statements.push(repeated(count, 0));
        let mut findings = Findings::default();
        findings.look_at_request(&ended, &Names::default(), &policy);
        let found: Vec<_> = findings.iter().map(|(_, seen)| seen.worst.shape).collect();
        assert_eq!(found, [shape], "{count} of 60");
    }
}
