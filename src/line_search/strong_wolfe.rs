//! The strong Wolfe conditions, by bracketing and cubic interpolation.
//!
//! Accepts t with `φ(t) ≤ φ(0) + c₁ t φ'(0)` and `|φ'(t)| ≤ c₂ |φ'(0)|`.
//!
//! 1. Longer rates, as far as the cubic through the last two promises, until a rate is accepted or an interval holds one;
//! 2. the minimizer of the cubic through both ends, off the ends, until a rate is accepted; the middle where two of them did not shrink
//!    the interval by a third.
//!
//! Reference: Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6, equation 3.59; the third: Moré & Thuente, "Line search
//! algorithms with guaranteed sufficient decrease", 1994, section 4. Where rounding hides which of two values is lower, slopes
//! decide.

use crate::line_search::{Line, LineSearch, Sample, Stage, Verdict};
use crate::ranges::fraction;
use crate::real::Real;
use crate::step::ConfigError;

/// Parameters of the search for the strong Wolfe conditions.
///
/// ```
/// use thalweg::line_search::{Line, LineSearch, StrongWolfe, Verdict};
/// let search = StrongWolfe { curvature: 0.1, ..StrongWolfe::default() };
/// let mut line = Line::begin(0.5, -1.0, 0.1);
/// assert_eq!(search.tell(&mut line, 0.405, -0.9), Verdict::Ask); // φ(t) = ½ (1 - t)²
/// assert!((line.rate() - 1.0_f64).abs() < 1e-12);
/// assert_eq!(search.tell(&mut line, 0.0, 0.0), Verdict::Accept);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StrongWolfe<T> {
    /// c₁. In (0, 1), below c₂ to promise that a rate exists; default 10⁻³, as in L-BFGS-B (Zhu, Byrd, Lu & Nocedal 1997).
    pub sufficient_decrease: T,
    /// c₂. In (0, 1); default 0.9.
    pub curvature: T,
}

impl<T: Real> Default for StrongWolfe<T> {
    fn default() -> Self {
        Self { sufficient_decrease: T::of_f64(1e-3), curvature: T::of_f64(0.9) }
    }
}

impl<T: Real> LineSearch<T> for StrongWolfe<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        fraction(self.sufficient_decrease)?;
        fraction(self.curvature)
    }

    fn tell(&self, line: &mut Line<T>, value: T, slope: T) -> Verdict {
        let Some(trial) = line.hear(value, slope) else { return Verdict::Exhausted };
        let falls = trial.is_finite() && line.falls(&trial, self.sufficient_decrease, line.hides(value));
        let flat = slope.abs() <= -self.curvature * line.origin.slope;
        if falls && (flat || line.ends_at(&trial)) {
            return Verdict::Accept;
        }
        if !falls || (line.low.rate > T::ZERO && !trial.is_below(&line.low)) {
            line.high = trial;
        } else {
            // The end that keeps a minimizer between it and the new low one; while there is none, the way leads on.
            let open = line.stage == Stage::Expand;
            let ahead = if open { T::ONE } else { line.high.rate - line.low.rate };
            let before = line.low;
            line.low = trial;
            if slope * ahead >= T::ZERO {
                line.high = before;
            } else if open {
                let (least, most) = (T::TWO * trial.rate, T::of_f64(10.0) * trial.rate);
                let promised = lowest_of_cubic(&before, &trial);
                let rate = if promised > least {
                    promised.min(most)
                } else if promised > trial.rate {
                    least
                } else {
                    most
                };
                return line.ask(rate.min(line.limit), Stage::Expand);
            }
        }
        self.zoom(line)
    }
}

impl<T: Real> StrongWolfe<T> {
    /// Asks between the ends.
    fn zoom(&self, line: &mut Line<T>) -> Verdict {
        let (low, high) = (line.low, line.high);
        let width = high.rate - low.rate;
        let lazy = line.stage == Stage::Zoom && width.abs() > T::of_f64(0.66) * line.width;
        line.width = width.abs();
        let edge = T::of_f64(0.1);
        let share = (lowest_of_cubic(&low, &high) - low.rate) / width;
        let share = if !high.is_finite() {
            edge
        } else if lazy || !share.is_finite() {
            T::HALF
        } else {
            share.max(edge).min(T::ONE - edge)
        };
        line.ask(low.rate + share * width, Stage::Zoom)
    }
}

/// The local minimizer of the cubic with the values and slopes of two samples (3.59); NaN if it has none.
fn lowest_of_cubic<T: Real>(a: &Sample<T>, b: &Sample<T>) -> T {
    let width = b.rate - a.rate;
    let d1 = a.slope + b.slope - T::of_f64(3.0) * (b.value - a.value) / width;
    let scale = d1.abs().max(a.slope.abs()).max(b.slope.abs());
    let d2 = scale * ((d1 / scale).squared() - (a.slope / scale) * (b.slope / scale)).sqrt() * T::ONE.copysign(width);
    b.rate - width * (b.slope + d2 - d1) / (b.slope - a.slope + T::TWO * d2)
}
