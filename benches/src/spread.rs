//! The middle of many measurements, and how far they lie apart.

use std::fmt;

/// The median of some measurements, the fastest of them and the 90th percentile.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub fastest: f64,
    pub median: f64,
    pub percentile_90: f64,
}

impl Spread {
    /// # Panics
    ///
    /// Of nothing.
    pub fn of(measured: impl IntoIterator<Item = f64>) -> Self {
        let mut measured: Vec<f64> = measured.into_iter().collect();
        measured.sort_unstable_by(f64::total_cmp);
        let at = |share: usize| measured[(measured.len() - 1) * share / 100];
        Self {
            fastest: at(0),
            median: at(50),
            percentile_90: at(90),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = if self.median < 1_000.0 { 1 } else { 0 };
        let Self {
            fastest,
            median,
            percentile_90,
        } = self;
        write!(
            f,
            "{median:.decimals$} ({fastest:.decimals$} .. {percentile_90:.decimals$})"
        )
    }
}
