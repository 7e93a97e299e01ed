//! Backtracking to sufficient decrease.
//!
//! 1. Accept t if `φ(t) ≤ φ(0) + c t φ'(0)` (Armijo);
//! 2. else the minimizer of the parabola through `φ(0)`, `φ'(0)` and `φ(t)`, within `[t/10, t/2]`, is the next t.
//!
//! Reference: Dennis & Schnabel, Numerical Methods for Unconstrained Optimization, algorithm A6.3.1, without its cubic. It needs no
//! slope but the first; NaN may be told for the others. Nothing keeps the rate from being too short: choose
//! [`StrongWolfe`](crate::line_search::StrongWolfe) where a method learns curvature from its steps.

use crate::line_search::{Line, LineSearch, Stage, Verdict};
use crate::ranges::fraction;
use crate::real::Real;
use crate::step::ConfigError;

/// Parameters of backtracking.
///
/// ```
/// use thalweg::line_search::{Backtracking, Line, LineSearch, Verdict};
/// let mut line = Line::begin(0.0, -1.0, 1.0);
/// assert_eq!(Backtracking::default().tell(&mut line, 1.0, f64::NAN), Verdict::Ask);
/// assert_eq!(line.rate(), 0.25);
/// assert_eq!(Backtracking::default().tell(&mut line, -0.125, f64::NAN), Verdict::Accept);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Backtracking<T> {
    /// Armijo's c. In (0, 1); default 10⁻⁴.
    pub sufficient_decrease: T,
}

impl<T: Real> Default for Backtracking<T> {
    fn default() -> Self {
        Self { sufficient_decrease: T::of_f64(1e-4) }
    }
}

impl<T: Real> LineSearch<T> for Backtracking<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        fraction(self.sufficient_decrease)
    }

    fn tell(&self, line: &mut Line<T>, value: T, slope: T) -> Verdict {
        let Some(trial) = line.hear(value, slope) else { return Verdict::Exhausted };
        let finite = value.is_finite();
        if finite && line.falls(&trial, self.sufficient_decrease, line.hides(value)) {
            return Verdict::Accept;
        }
        let bend = value - line.origin.value - trial.rate * line.origin.slope;
        let lowest = -T::HALF * line.origin.slope * trial.rate.squared() / bend;
        let (least, most) = (T::of_f64(0.1) * trial.rate, T::HALF * trial.rate);
        let rate = if finite && lowest.is_finite() { lowest.max(least).min(most) } else { least };
        line.ask(rate, Stage::Zoom)
    }
}
