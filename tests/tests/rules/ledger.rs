//! Whatever calls whatever, and however it ends: every call is counted once, with its outcome.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use starpunk_metrics::{Metrics, Outcome, Tally, monitored_query, track_business};
use starpunk_metrics_tests::{config, pipeline, poll_once};

/// A call, and what happens in it.
#[derive(Clone, Debug)]
struct Node {
    kind: usize,
    children: Vec<Node>,
    /// Whether the children that are futures are polled in turn, and not one after another.
    joined: bool,
    pauses: u8,
    end: End,
    /// After so many polls its future is dropped.
    cancelled_after: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Ok,
    Error,
    Panic,
}

struct Broken;

type Ended = Result<u8, Broken>;
type Later<'a> = Pin<Box<dyn Future<Output = Ended> + 'a>>;

thread_local! {
    /// How often a function ended in which way, as the functions themselves saw it.
    static LEDGER: RefCell<BTreeMap<(&'static str, &'static str), u64>> = RefCell::default();
}

/// One call, from its beginning to its end.
struct Entry {
    name: &'static str,
    /// What it is if it ends now.
    outcome: &'static str,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let entry = (self.name, self.outcome);
        LEDGER.with_borrow_mut(|ledger| *ledger.entry(entry).or_default() += 1);
    }
}

impl Entry {
    fn end(mut self, end: End) -> Ended {
        self.outcome = match end {
            End::Ok => "ok",
            End::Error => "error",
            End::Panic => "panic",
        };
        match end {
            End::Ok => Ok(1),
            End::Error => Err(Broken),
            End::Panic => resume_unwind(Box::new("on purpose")),
        }
    }
}

fn run(node: &Node) -> Ended {
    let entry = Entry {
        name: NAMES[node.kind],
        outcome: "panic",
    };
    let mut children = start(&node.children);
    while !poll_all(&mut children, node.joined) {}
    drop(children);
    entry.end(node.end)
}

async fn run_later(node: &Node) -> Ended {
    let entry = Entry {
        name: NAMES[node.kind],
        outcome: "cancelled",
    };
    let mut children = start(&node.children);
    let mut pauses = node.pauses;
    std::future::poll_fn(|_| {
        let is_over = poll_all(&mut children, node.joined);
        if is_over && pauses == 0 {
            return Poll::Ready(());
        }
        pauses = pauses.saturating_sub(1);
        Poll::Pending
    })
    .await;
    drop(children);
    entry.end(node.end)
}

/// A child that is a future, and how often it was polled.
type Child<'a> = (&'a Node, Option<Later<'a>>, u8);

/// Calls those that are no futures, and makes the others.
fn start(nodes: &[Node]) -> Vec<Child<'_>> {
    let mut children = Vec::new();
    for node in nodes {
        let called = catch_unwind(AssertUnwindSafe(|| call(node)));
        if let Ok(Some(future)) = called {
            children.push((node, Some(future), 0));
        }
    }
    children
}

/// Polls each child once, or the first; tells whether all are over.
fn poll_all(children: &mut [Child<'_>], joined: bool) -> bool {
    for (node, future, polls) in children.iter_mut() {
        let Some(running) = future else { continue };
        if node.cancelled_after == Some(*polls) {
            *future = None;
            continue;
        }
        *polls += 1;
        let polled = catch_unwind(AssertUnwindSafe(|| poll_once(running.as_mut()).is_ready()));
        if polled.unwrap_or(true) {
            *future = None;
        } else if !joined {
            return false;
        }
    }
    children.iter().all(|(_, future, _)| future.is_none())
}

macro_rules! kinds {
    ($attribute:ident: $($function:ident = $name:literal),*) => {
        kinds!(@ $attribute $($function $name)*);
    };
    (@ $attribute:ident $sync:ident $s:literal $in_place:ident $p:literal $later:ident $l:literal
     $made:ident $m:literal $boxed:ident $b:literal) => {
        #[$attribute($s)]
        fn $sync(node: &Node) -> Ended {
            run(node)
        }

        #[track_caller]
        #[$attribute($p)]
        fn $in_place(node: &Node) -> Ended {
            let number = run(node)?;
            Ok(number)
        }

        #[$attribute($l)]
        async fn $later(node: &Node) -> Ended {
            run_later(node).await
        }

        #[$attribute($m)]
        fn $made<'a>(node: &'a Node) -> impl Future<Output = Ended> + use<'a> {
            run_later(node)
        }

        #[$attribute($b)]
        fn $boxed(node: &Node) -> Pin<Box<dyn Future<Output = Ended> + '_>> {
            Box::pin(async move { run_later(node).await })
        }
    };
}

kinds!(track_business: event = "event", event_in_place = "event in place", event_later = "event later",
       event_made = "event made", event_boxed = "event boxed");
kinds!(monitored_query: query = "query", query_in_place = "query in place", query_later = "query later",
       query_made = "query made", query_boxed = "query boxed");

const NAMES: [&str; 10] = [
    "event",
    "event in place",
    "event later",
    "event made",
    "event boxed",
    "query",
    "query in place",
    "query later",
    "query made",
    "query boxed",
];

/// Calls the function of a node; its future, if it makes one.
fn call(node: &Node) -> Option<Later<'_>> {
    Some(match NAMES[node.kind] {
        "event" => return event(node).ok().and(None),
        "event in place" => return event_in_place(node).ok().and(None),
        "query" => return query(node).ok().and(None),
        "query in place" => return query_in_place(node).ok().and(None),
        "event later" => Box::pin(event_later(node)),
        "event made" => Box::pin(event_made(node)),
        "query later" => Box::pin(query_later(node)),
        "query made" => Box::pin(query_made(node)),
        "event boxed" => event_boxed(node),
        _ => query_boxed(node),
    })
}

/// Every call of a function, whether it counts as an operation or is told by what it did.
fn tally(metrics: &Metrics, name: &str) -> Tally {
    let snapshot = metrics.snapshot();
    let query = snapshot.queries.iter().find(|query| query.name == name);
    let event = snapshot
        .operations
        .iter()
        .find(|series| series.name == name);
    query
        .map(|query| query.tally.clone())
        .or_else(|| event.map(|series| series.tally.clone()))
        .unwrap_or_default()
}

fn nodes() -> impl Strategy<Value = Node> {
    let end = prop_oneof![3 => Just(End::Ok), 1 => Just(End::Error), 1 => Just(End::Panic)];
    let leaf = (
        0..NAMES.len(),
        any::<bool>(),
        0_u8..3,
        end,
        proptest::option::weighted(0.2, 0_u8..4),
    );
    let leaf = leaf.prop_map(|(kind, joined, pauses, end, cancelled_after)| Node {
        kind,
        children: Vec::new(),
        joined,
        pauses,
        end,
        cancelled_after,
    });
    leaf.prop_recursive(4, 24, 4, |inner| {
        let children = proptest::collection::vec(inner.clone(), 0..4);
        (inner, children).prop_map(|(node, children)| Node { children, ..node })
    })
}

proptest! {
    #[test]
    fn every_call_is_counted_once_with_its_outcome(
        roots in proptest::collection::vec(nodes(), 1..4),
        rate in prop_oneof![Just(0.0), Just(1.0)],
    ) {
        let metrics = pipeline(config().sampling_rate(rate).buffer_size(10_000));
        let entered = metrics.enter();
        LEDGER.take();
        let mut running = start(&roots);
        while !poll_all(&mut running, true) {}
        drop(entered);
        let ledger = LEDGER.take();
        for name in NAMES {
            let tally = tally(&metrics, name);
            let expected = |outcome| ledger.get(&(name, outcome)).copied().unwrap_or(0);
            prop_assert_eq!(tally.ok(), expected("ok"), "{}", name);
            prop_assert_eq!(tally.errors() - tally.panics(), expected("error"), "{}", name);
            prop_assert_eq!(tally.panics(), expected("panic"), "{}", name);
            prop_assert_eq!(tally.cancelled(), expected("cancelled"), "{}", name);
            let of_each = [Outcome::Ok, Outcome::Error(""), Outcome::Panic, Outcome::Cancelled];
            let total: Duration = of_each.map(|outcome| tally.total_of(outcome)).iter().sum();
            prop_assert_eq!(tally.total(), total);
            prop_assert!(tally.count() == 0 || tally.nested() < tally.count());
        }
    }
}
