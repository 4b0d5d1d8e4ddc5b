use super::*;
use crate::model::client::{Client, Inbound};
use crate::model::client_request_id::ClientRequestId;
use crate::model::clock::Ticks;
use crate::model::ended_request::RequestEnd;
use crate::model::event::{Call, CallFlags, Detail, Polls};
use crate::model::field::Value;
use crate::model::operation::OutcomeKind;
use crate::model::policy::Verdict;
use crate::model::statement::Statement;

fn statement(id: RequestId, shape: u16) -> Child {
    let statement = Statement {
        function: None,
        start: Ticks::ZERO,
        detail: None,
        request: Some(id),
        taken: TickSpan::default(),
        rows: 0,
        steps: 0,
        shape,
        flags: Flags::default(),
        outcome: OutcomeKind::Ok,
    };
    Child::of_statement(&statement, 1)
}

fn end(id: RequestId) -> End {
    End {
        request: Arc::new(EndedRequest::new(id, Some(RequestEnd::UNKNOWN))),
        thread: 1,
        is_sampled: false,
        verdict: Verdict::ORDINARY,
    }
}

/// How many statements of how many shapes are told of what has ended.
fn told(requests: &mut Requests) -> Vec<(u32, usize)> {
    let mut told = Vec::new();
    requests.settle(|ended| {
        let count = ended.statements.iter().map(|repeated| repeated.count).sum();
        told.push((count, ended.statements.len()));
    });
    told
}

#[test]
fn a_request_is_looked_at_one_round_after_its_end() {
    let mut requests = Requests::default();
    let id = RequestId::random();
    requests.add(id, statement(id, 1));
    requests.end(end(id));
    assert_eq!(told(&mut requests), []);
    // Collected after the end, because it was posted on another thread.
    assert!(requests.add(id, statement(id, 1)).is_none());
    assert_eq!(told(&mut requests), [(2, 1)]);
    assert_eq!(told(&mut requests), []);
    assert!(
        requests.add(id, statement(id, 1)).is_some(),
        "it comes too late"
    );
}

#[test]
fn a_request_without_statements_is_looked_at_too() {
    let mut requests = Requests::default();
    requests.end(end(RequestId::random()));
    told(&mut requests);
    assert_eq!(told(&mut requests), [(0, 0)]);
}

#[test]
fn one_that_was_left_out_is_not_looked_at() {
    let mut requests = Requests::default();
    let id = RequestId::random();
    requests.add(id, statement(id, 1));
    requests.end(End {
        request: Arc::new(EndedRequest::new(id, None)),
        ..end(id)
    });
    told(&mut requests);
    assert_eq!(told(&mut requests), []);
    assert!(requests.open.is_empty());
    assert_eq!(requests.held, 0);
}

#[test]
fn work_that_outlives_its_request_does_not_end_the_watching_of_others() {
    let mut requests = Requests::default();
    for _ in 0..=MAX_REQUESTS {
        let id = RequestId::random();
        requests.add(id, statement(id, 1));
        requests.end(end(id));
        told(&mut requests);
        told(&mut requests);
        requests.add(id, statement(id, 1));
    }
    assert!(requests.open.is_empty());
    assert_eq!(requests.held, 0);
}

#[test]
fn requests_whose_end_was_lost_make_room_after_a_while() {
    let mut requests = Requests::default();
    for _ in 0..MAX_REQUESTS {
        let id = RequestId::random();
        requests.add(id, statement(id, 1));
    }
    let late = RequestId::random();
    requests.add(late, statement(late, 1));
    assert_eq!(requests.open.len(), MAX_REQUESTS, "there is a bound");
    (0..=MAX_CROWDED_ROUNDS).for_each(|_| drop(told(&mut requests)));
    requests.add(late, statement(late, 1));
    let one = size_of::<Child>();
    assert_eq!((requests.open.len(), requests.held), (1, one));
}

#[test]
fn a_request_of_many_statements_has_them_all_counted_and_some_held() {
    let mut requests = Requests::default();
    let id = RequestId::random();
    for _ in 0..1_000 {
        requests.add(id, statement(id, 1));
    }
    requests.end(end(id));
    told(&mut requests);
    requests.settle(|ended| {
        assert_eq!((ended.children.len(), ended.omitted), (MAX_SPANS, 800));
        assert_eq!(ended.statements[0].count, 1_000);
    });
}

#[test]
fn all_requests_together_hold_so_much_and_no_more() {
    let mut requests = Requests::default();
    let ids: Vec<RequestId> = (0..MAX_HELD_BYTES / 4_800)
        .map(|_| RequestId::random())
        .collect();
    for id in &ids {
        for _ in 0..MAX_SPANS {
            requests.add(*id, statement(*id, 1));
        }
    }
    assert!((MAX_HELD_BYTES - 100..=MAX_HELD_BYTES).contains(&requests.held));
    for id in ids {
        requests.end(end(id));
    }
    told(&mut requests);
    let told = told(&mut requests);
    assert!(told.iter().any(|(count, _)| *count == MAX_SPANS as u32));
    assert_eq!(requests.held, 0);
}

/// An id that a trusted peer may send again.
fn adopted(id: RequestId) -> End {
    let inbound = Inbound {
        client_request_id: ClientRequestId::parse(b"again"),
        is_adopted: true,
        trace_parent: None,
    };
    let mut request = EndedRequest::new(id, Some(RequestEnd::UNKNOWN));
    request.client = Client::from(inbound);
    End {
        request: Arc::new(request),
        thread: 1,
        is_sampled: false,
        verdict: Verdict::ORDINARY,
    }
}

fn later(id: RequestId, flags: Flags) -> Child {
    let mut child = statement(id, 2);
    child.start = Ticks::now();
    child.flags = flags;
    child
}

#[test]
fn what_begins_after_the_end_of_one_is_of_the_next_with_its_id() {
    let mut requests = Requests::default();
    let id = RequestId::random();
    requests.add(id, statement(id, 1));
    requests.end(adopted(id));
    requests.add(id, later(id, Flags::default()));
    told(&mut requests);
    assert_eq!(told(&mut requests), [(1, 1)]);
    requests.end(adopted(id));
    told(&mut requests);
    assert_eq!(requests.open.len(), 1, "it waits for its own end");
}

#[test]
fn what_is_late_opens_nothing_whoever_gave_the_id() {
    let mut requests = Requests::default();
    let id = RequestId::random();
    requests.end(adopted(id));
    told(&mut requests);
    told(&mut requests);
    for id in [id, RequestId::random()] {
        assert!(requests.add(id, later(id, Flags::LATE)).is_some());
    }
    assert_eq!((requests.open.len(), requests.held), (0, 0));
}

#[test]
fn what_comes_late_but_before_its_request_is_looked_at_is_of_its_story() {
    let mut requests = Requests::default();
    let end = end(RequestId::random());
    let id = end.request.id;
    requests.end(end);
    assert!(requests.add(id, later(id, Flags::LATE)).is_none());
    told(&mut requests);
    assert_eq!(told(&mut requests), [(1, 1)]);
}

#[test]
fn what_an_unknown_end_follows_is_of_that_request() {
    let mut requests = Requests::default();
    let ended = end(RequestId::random());
    let id = ended.request.id;
    requests.end(ended);
    told(&mut requests);
    told(&mut requests);
    let child = later(id, Flags::default());
    assert!(
        requests.add(id, child).is_some(),
        "nobody sends our ids again"
    );
}

#[test]
fn texts_count_among_the_bytes_that_are_held() {
    static SITE: Callsite = Callsite::new(CallKind::Business, || "sold");
    let mut requests = Requests::default();
    let detail = || Detail {
        fields: [("text", Value::text("x".repeat(256)))].into(),
        ..Detail::default()
    };
    for _ in 0..10_000 {
        let call = Call {
            site: &SITE,
            start: Ticks::ZERO,
            end: Ticks::ZERO,
            detail: Some(Arc::new(detail())),
            request: None,
            statements: 0,
            polls: Polls::default(),
            flags: CallFlags::SAMPLED,
            outcome: OutcomeKind::Ok,
        };
        requests.add(RequestId::random(), Child::of_call(&call, 1));
    }
    let held: usize = requests.open.values().map(|open| open.bytes).sum();
    assert_eq!(requests.held, held);
    assert!(
        (MAX_HELD_BYTES / 2..=MAX_HELD_BYTES).contains(&held),
        "{held}"
    );
}
