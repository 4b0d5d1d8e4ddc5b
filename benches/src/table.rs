//! Prints what was measured.

use std::fmt;

use crate::measure::{Measured, Time};

/// What a table compares all with, and what of.
#[derive(Clone, Copy, Debug)]
pub struct Above<'a> {
    /// What the differences are above.
    pub floor: &'a str,
    /// What the ratios are to: the limit, or the floor itself.
    pub ratio_to: &'a str,
}

impl<'a> Above<'a> {
    /// Both by the same one.
    pub fn of(floor: &'a str) -> Self {
        Self {
            floor,
            ratio_to: floor,
        }
    }
}

/// One table of a level: a line for each contender.
///
/// Wall time of the caller and the processor's time of all threads: median, fastest and 90th
/// percentile; what it is above the floor; and the ratio of the caller's time.
#[derive(Debug)]
pub struct Table<'a> {
    pub title: &'a str,
    /// Of what the times are, such as `ns a call`.
    pub unit: &'a str,
    pub measured: &'a Measured,
    pub above: Above<'a>,
}

impl Table<'_> {
    /// Prints it, as Markdown.
    pub fn print(&self) {
        print!("\n{self}");
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            title,
            unit,
            measured,
            above,
        } = self;
        writeln!(f, "### {title}\n")?;
        writeln!(
            f,
            "{unit}: median (fastest .. 90th percentile) of {}; above \"{}\"; times \"{}\".\n",
            measured.plan, above.floor, above.ratio_to
        )?;
        let mut lines = vec![
            [
                "",
                "caller",
                "above",
                "times",
                "processor",
                "above",
                "times",
            ]
            .map(str::to_owned),
        ];
        for name in measured.names() {
            let of = |time| {
                let spread = measured.spread(name, time).to_string();
                let above = signed(measured.above(name, self.above.floor, time).median);
                let ratio = measured.ratio(name, self.above.ratio_to, time).median;
                [spread, above, format!("{ratio:.2}")]
            };
            let [caller, caller_above, ratio] = of(Time::Caller);
            let [processor, processor_above, processor_ratio] = of(Time::Processor);
            lines.push([
                name.clone(),
                caller,
                caller_above,
                ratio,
                processor,
                processor_above,
                processor_ratio,
            ]);
        }
        write_lines(f, &lines, Cells::Figures)
    }
}

/// Prints a table of anything: the first line is its head.
pub fn print<const N: usize>(title: &str, note: &str, lines: &[[String; N]]) {
    print!("\n{}", Plain { title, note, lines });
}

struct Plain<'a, const N: usize> {
    title: &'a str,
    note: &'a str,
    lines: &'a [[String; N]],
}

impl<const N: usize> fmt::Display for Plain<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n", self.title)?;
        writeln!(f, "{}\n", self.note)?;
        write_lines(f, self.lines, Cells::Figures)
    }
}

/// What the cells after the first have in them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cells {
    /// To the right.
    Figures,
    /// To the left.
    Words,
}

pub(crate) fn write_lines<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    lines: &[[String; N]],
    cells: Cells,
) -> fmt::Result {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let lengths = lines.iter().map(|line| line[column].chars().count());
        lengths.max().unwrap_or(0)
    });
    let is_left = |column| column == 0 || cells == Cells::Words;
    for (number, line) in lines.iter().enumerate() {
        f.write_str("|")?;
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            if is_left(column) {
                write!(f, " {cell:<width$} |")?;
            } else {
                write!(f, " {cell:>width$} |")?;
            }
        }
        writeln!(f)?;
        if number == 0 {
            f.write_str("|")?;
            for (column, width) in widths.into_iter().enumerate() {
                let end = if is_left(column) { "-" } else { ":" };
                write!(f, "-{}{end}|", "-".repeat(width))?;
            }
            writeln!(f)?;
        }
    }
    Ok(())
}

/// With its sign.
pub(crate) fn signed(value: f64) -> String {
    let decimals = if value.abs() < 1_000.0 { 1 } else { 0 };
    format!("{value:+.decimals$}")
}
