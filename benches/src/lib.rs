//! Compares ways of doing the same, interleaved in one run: on a shared machine only the ratio counts.

use std::time::{Duration, Instant};

/// Rounds of all contenders; the median of each is told.
const ROUNDS: usize = 41;

/// One way of doing it: a name, and what does it so many times.
pub struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut(u32) + 'a>,
}

impl std::fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Names a way of doing it.
pub fn contender<'a>(name: &'static str, mut once: impl FnMut() + 'a) -> Contender<'a> {
    Contender {
        name,
        run: Box::new(move |times| (0..times).for_each(|_| once())),
    }
}

/// Runs all contenders in turn and prints the nanoseconds of each, their spread, and the ratio to the first.
///
/// On a machine that is shared the fastest round tells more than the median.
///
/// `settle` is called between two measurements, outside the time: what one contender left behind is not paid by another.
pub fn compare(
    title: &str,
    times: u32,
    mut contenders: Vec<Contender<'_>>,
    mut settle: impl FnMut(),
) {
    let mut rounds = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, nanos) in contenders.iter_mut().zip(&mut rounds) {
            settle();
            let start = Instant::now();
            (contender.run)(times);
            nanos.push(per_call(start.elapsed(), times));
        }
    }
    println!(
        "\n{title} (ns per call; median of {ROUNDS} rounds of {times}, fastest and 90th percentile)"
    );
    let mut first = None;
    for (contender, nanos) in contenders.iter().zip(&mut rounds) {
        nanos.sort_unstable_by(f64::total_cmp);
        let at = |share: usize| nanos[(ROUNDS - 1) * share / 100];
        let first = *first.get_or_insert(at(50));
        println!(
            "  {:<44} {:>8.1}  ({:.1} .. {:.1})  {:>6.2} x",
            contender.name,
            at(50),
            at(0),
            at(90),
            at(50) / first
        );
    }
}

fn per_call(elapsed: Duration, times: u32) -> f64 {
    elapsed.as_nanos() as f64 / f64::from(times)
}
