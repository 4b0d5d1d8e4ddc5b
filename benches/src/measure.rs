//! Each round runs every contender once, in an order of its own: nobody always follows the same one.

use std::time::{Duration, Instant};

use crate::clock;
use crate::contender::{Contender, batch};
use crate::order::Orders;
use crate::run;
use crate::spread::Spread;

/// How often all of it is done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    rounds: usize,
    bursts: u32,
    times: u32,
}

impl Plan {
    /// So many rounds, in which each contender does it so many times.
    pub fn new(rounds: usize, times: u32) -> Self {
        Self {
            rounds: run::rounds(rounds),
            bursts: 1,
            times,
        }
    }

    /// Does it so many times again and again in a round, with a pause after each: no more at once than what collects beside
    /// it can hold, and still enough for the processor's time to be told.
    #[must_use]
    pub fn bursts(mut self, bursts: u32) -> Self {
        self.bursts = bursts;
        self
    }

    /// How many rounds there are, for who measures in another way.
    pub fn rounds(self) -> usize {
        self.rounds
    }

    /// How many times in each round.
    pub fn times(self) -> u32 {
        self.times
    }

    fn calls(self) -> f64 {
        f64::from(self.times) * f64::from(self.bursts)
    }
}

/// What lies between two measurements, outside of the caller's time, and inside the processor's.
#[derive(Debug)]
pub struct Pauses<P, S> {
    /// After each burst.
    pub burst: P,
    /// After each contender's turn: all that it left to others is done when this returns, and no other contender pays for it.
    pub turn: S,
}

/// What was measured of all contenders.
#[derive(Debug)]
pub struct Measured {
    pub(crate) plan: String,
    names: Vec<String>,
    rounds: Vec<Rounds>,
}

/// What a call of one contender took, in each round; the processor's time without what the pauses take by themselves.
#[derive(Clone, Debug, Default)]
struct Rounds {
    caller: Vec<f64>,
    processor: Vec<f64>,
}

/// Which time is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// By the clock on the wall, of whoever calls.
    Caller,
    /// The processor's, of all threads.
    Processor,
}

/// Runs all contenders; `settle` ends each one's turn.
pub fn measure(plan: Plan, contenders: Vec<Contender<'_>>, settle: impl FnMut()) -> Measured {
    let pauses = Pauses {
        burst: || {},
        turn: settle,
    };
    measure_with(plan, contenders, pauses)
}

/// Runs all contenders, with a pause after each burst.
pub fn measure_with(
    plan: Plan,
    mut contenders: Vec<Contender<'_>>,
    mut pauses: Pauses<impl FnMut(), impl FnMut()>,
) -> Measured {
    let mut rounds = vec![Rounds::default(); contenders.len()];
    // One more turn, in which nothing is done: what the pauses themselves take is nobody's cost.
    let nothing = contenders.len();
    contenders.push(batch("nothing", |_| {}));
    rounds.push(Rounds::default());
    let mut orders = Orders::of(contenders.len());
    (pauses.turn)();
    for _ in 0..plan.rounds {
        for turn in orders.shuffled() {
            let before = clock::own();
            let mut caller = Duration::ZERO;
            for _ in 0..plan.bursts {
                let start = Instant::now();
                (contenders[turn].run)(plan.times);
                caller += start.elapsed();
                (pauses.burst)();
            }
            (pauses.turn)();
            let processor = clock::own().saturating_sub(before);
            rounds[turn].caller.push(nanos(caller) / plan.calls());
            rounds[turn].processor.push(nanos(processor) / plan.calls());
        }
    }
    let pauses = rounds.split_off(nothing).remove(0).processor;
    for rounds in &mut rounds {
        for (processor, pauses) in rounds.processor.iter_mut().zip(&pauses) {
            *processor -= pauses;
        }
    }
    contenders.truncate(nothing);
    Measured {
        plan: format!("{} rounds of {}", plan.rounds, plan.calls()),
        names: contenders.into_iter().map(|one| one.name).collect(),
        rounds,
    }
}

impl Measured {
    /// Takes what was measured in another way: of each contender the caller's and the processor's time in each round.
    pub fn from_rounds(plan: String, contenders: Vec<(String, Vec<f64>, Vec<f64>)>) -> Self {
        let mut measured = Self {
            plan,
            names: Vec::new(),
            rounds: Vec::new(),
        };
        for (name, caller, processor) in contenders {
            measured.names.push(name);
            measured.rounds.push(Rounds { caller, processor });
        }
        measured
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The time of one contender.
    pub fn spread(&self, name: &str, time: Time) -> Spread {
        Spread::of(self.of(name, time).iter().copied())
    }

    /// What one contender takes more than another, round by round: when the machine is slow, it is so for both.
    pub fn above(&self, name: &str, floor: &str, time: Time) -> Spread {
        Spread::of(self.differences(name, floor, time))
    }

    /// How many times as long as another one a contender takes, round by round.
    pub fn ratio(&self, name: &str, other: &str, time: Time) -> Spread {
        let pairs = self.of(name, time).iter().zip(self.of(other, time));
        Spread::of(pairs.map(|(one, other)| one / other))
    }

    /// How much of what another one adds to the floor a contender adds to it: of the medians, as a round's difference may be
    /// next to nothing.
    pub fn share_above(&self, name: &str, other: &str, floor: &str, time: Time) -> f64 {
        self.above(name, floor, time).median / self.above(other, floor, time).median
    }

    fn differences(&self, name: &str, floor: &str, time: Time) -> impl Iterator<Item = f64> {
        let pairs = self.of(name, time).iter().zip(self.of(floor, time));
        pairs.map(|(one, floor)| one - floor)
    }

    fn of(&self, name: &str, time: Time) -> &[f64] {
        let number = self.names.iter().position(|known| known == name);
        let rounds =
            &self.rounds[number.unwrap_or_else(|| panic!("no contender is called {name}"))];
        match time {
            Time::Caller => &rounds.caller,
            Time::Processor => &rounds.processor,
        }
    }
}

fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}
