//! Compares ways of doing the same, interleaved in one run: on a shared machine only the ratio counts.

use std::fmt;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// Rounds of all contenders; the median of each is told.
const ROUNDS: usize = 41;

/// One way of doing it: a name, and what does it so many times.
pub struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut(u32) + 'a>,
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// Names a way of doing it that is entered once for many times, such as a runtime.
pub fn batch<'a>(name: &'static str, run: impl FnMut(u32) + 'a) -> Contender<'a> {
    Contender {
        name,
        run: Box::new(run),
    }
}

/// Runs all contenders in turn and prints the nanoseconds of each, their spread, and the ratio to the first.
///
/// On a machine that is shared the fastest round tells more than the median.
///
/// `settle` is called between two measurements, outside the time: what one contender left behind is not paid by another.
pub fn compare(title: &str, times: u32, mut contenders: Vec<Contender<'_>>, settle: impl FnMut()) {
    let measured = measure(times, &mut contenders, settle);
    println!(
        "\n{title} (ns per call; median of {ROUNDS} rounds of {times}, fastest and 90th percentile)"
    );
    let first = Spread::of(&measured[0].time).median;
    for (contender, rounds) in contenders.iter().zip(&measured) {
        let time = Spread::of(&rounds.time);
        let ratio = time.median / first;
        println!("  {:<44} {time}  {ratio:>6.2} x", contender.name);
    }
}

/// Compares as [`compare`] does, and also the processor's time of the whole process, what `settle` takes included: what a
/// contender leaves to other threads, or for later, is in it. Of both times it tells what is above the first contender's.
pub fn compare_processor_time(
    title: &str,
    times: u32,
    mut contenders: Vec<Contender<'_>>,
    settle: impl FnMut(),
) {
    let measured = measure(times, &mut contenders, settle);
    println!(
        "\n{title} (ns per call; median of {ROUNDS} rounds of {times}, fastest and 90th percentile, above the first)"
    );
    println!(
        "  {:<28} {:<40} processor, all threads",
        "", "time of the caller"
    );
    let first = &measured[0];
    for (contender, rounds) in contenders.iter().zip(&measured) {
        println!(
            "  {:<28} {} {:>+8.1}   {} {:>+8.1}",
            contender.name,
            Spread::of(&rounds.time),
            median_above(&rounds.time, &first.time),
            Spread::of(&rounds.processor),
            median_above(&rounds.processor, &first.processor)
        );
    }
}

/// The nanoseconds of a call of one contender, in each round.
#[derive(Clone, Default)]
struct Rounds {
    time: Vec<f64>,
    processor: Vec<f64>,
}

fn measure(times: u32, contenders: &mut [Contender<'_>], mut settle: impl FnMut()) -> Vec<Rounds> {
    let mut measured = vec![Rounds::default(); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, rounds) in contenders.iter_mut().zip(&mut measured) {
            settle();
            let before = ProcessTime::now();
            let start = Instant::now();
            (contender.run)(times);
            rounds.time.push(per_call(start.elapsed(), times));
            settle();
            rounds.processor.push(per_call(before.elapsed(), times));
        }
    }
    measured
}

struct Spread {
    fastest: f64,
    median: f64,
    percentile_90: f64,
}

impl Spread {
    fn of(nanos: &[f64]) -> Self {
        let mut nanos = nanos.to_vec();
        nanos.sort_unstable_by(f64::total_cmp);
        let at = |share: usize| nanos[(nanos.len() - 1) * share / 100];
        Self {
            fastest: at(0),
            median: at(50),
            percentile_90: at(90),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spread = format!("({:.1} .. {:.1})", self.fastest, self.percentile_90);
        write!(f, "{:>8.1}  {spread:<18}", self.median)
    }
}

/// The median of the differences within a round: when the machine is slow, it is so for both.
fn median_above(nanos: &[f64], first: &[f64]) -> f64 {
    let differences = nanos.iter().zip(first).map(|(nanos, first)| nanos - first);
    Spread::of(&differences.collect::<Vec<f64>>()).median
}

fn per_call(elapsed: Duration, times: u32) -> f64 {
    elapsed.as_nanos() as f64 / f64::from(times)
}
