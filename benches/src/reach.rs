//! How far the goals are reached: told from what was measured, and from nothing else.

use std::fmt;

use crate::run;
use crate::table::{Cells, write_lines};

/// What is to be reached.
#[derive(Clone, Debug)]
pub struct Goal {
    figure: String,
    goal: String,
    measured: String,
    reached: Option<bool>,
}

impl Goal {
    /// A figure, what it is to be, and what it was.
    pub fn new(figure: &str, goal: &str, measured: impl fmt::Display, reached: bool) -> Self {
        Self {
            figure: figure.to_owned(),
            goal: goal.to_owned(),
            measured: measured.to_string(),
            reached: Some(reached),
        }
    }

    /// A figure that could not be measured here, and why.
    pub fn unmeasured(figure: &str, goal: &str, reason: impl fmt::Display) -> Self {
        Self {
            figure: figure.to_owned(),
            goal: goal.to_owned(),
            measured: reason.to_string(),
            reached: None,
        }
    }
}

/// The goals of one level.
#[derive(Debug)]
pub struct Reach {
    pub level: &'static str,
    pub goals: Vec<Goal>,
}

impl Reach {
    /// Prints them, as Markdown.
    pub fn print(&self) {
        print!("\n{self}");
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}: reach\n", self.level)?;
        if run::quick() {
            writeln!(f, "A quick run: these figures say little.\n")?;
        }
        let mut lines = vec![["figure", "goal", "measured", ""].map(str::to_owned)];
        for goal in &self.goals {
            let verdict = match goal.reached {
                Some(true) => "reached",
                Some(false) => "not reached",
                None => "not measured",
            };
            lines.push([
                goal.figure.clone(),
                goal.goal.clone(),
                goal.measured.clone(),
                verdict.to_owned(),
            ]);
        }
        write_lines(f, &lines, Cells::Words)
    }
}
