//! The line search of Hager and Zhang: secants on the slope, and conditions that rounding cannot break.
//!
//! Accepts t with `φ(t) ≤ φ(0) + δ t φ'(0)` and `φ'(t) ≥ σ φ'(0)` (Wolfe), or with `(2δ - 1) φ'(0) ≥ φ'(t) ≥ σ φ'(0)` and
//! `φ(t) ≤ φ(0) + ε |φ(0)|` (approximate Wolfe): differences of values lose half of the digits, slopes do not. The latter also accept
//! far too long steps with a poor decrease; as in the authors' program, the former count alone as long as the values change by more
//! than `ε |φ(0)|` and a rate is found in a few questions.
//!
//! 1. Rates longer by ρ each, or to where the secant through the last two vanishes before that, until an interval `[a, b]` has
//!    `φ'(a) < 0`, `φ(a) ≤ φ(0) + ε |φ(0)|` and `φ'(b) ≥ 0` (bracket);
//! 2. the secant through a and b, then the one through the end it replaced (secant²);
//! 3. the middle, where 2 left more than the share γ of the interval.
//!
//! Reference: Hager & Zhang, "A new conjugate gradient method with guaranteed descent and an efficient line search", 2005, section 4:
//! steps B0 to B3, L0 to L3, S1 to S4, U0 to U3.

use crate::line_search::{Line, LineSearch, Sample, Stage, Verdict};
use crate::ranges::{at_least, fraction, tolerance};
use crate::real::{Real, haze};
use crate::step::ConfigError;

/// Questions after which the approximate Wolfe conditions do.
const PATIENCE: u32 = 8;

/// Parameters of Hager and Zhang's search.
///
/// ```
/// use thalweg::line_search::{HagerZhang, Line, LineSearch, Verdict};
/// let search = HagerZhang::default();
/// let mut line = Line::begin(8.0, -8.0, 8.0); // φ(t) = ½ (t - 2)² · 4
/// assert_eq!(search.tell(&mut line, 72.0, 24.0), Verdict::Ask);
/// assert_eq!(line.rate(), 2.0);
/// assert_eq!(search.tell(&mut line, 0.0, 0.0), Verdict::Accept);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HagerZhang<T> {
    /// δ. In (0, 1), below ½ and σ to promise that a rate exists; default 0.1.
    pub sufficient_decrease: T,
    /// σ. In (0, 1); default 0.9.
    pub curvature: T,
    /// ε, the relative change of the value that counts as none. Zero or more; default 10⁻⁶.
    pub rise: T,
    /// θ, where an interval is cut whose upper end has a slope downwards. In (0, 1); default ½.
    pub cut: T,
    /// γ. In (0, 1); default 0.66.
    pub contraction: T,
    /// ρ. Two or more; default 5.
    pub expansion: T,
}

impl<T: Real> Default for HagerZhang<T> {
    fn default() -> Self {
        Self {
            sufficient_decrease: T::of_f64(0.1),
            curvature: T::of_f64(0.9),
            rise: T::of_f64(1e-6),
            cut: T::HALF,
            contraction: T::of_f64(0.66),
            expansion: T::of_f64(5.0),
        }
    }
}

impl<T: Real> LineSearch<T> for HagerZhang<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        fraction(self.sufficient_decrease)?;
        fraction(self.curvature)?;
        tolerance(self.rise)?;
        fraction(self.cut)?;
        fraction(self.contraction)?;
        at_least(T::TWO, self.expansion)
    }

    fn tell(&self, line: &mut Line<T>, value: T, slope: T) -> Verdict {
        let Some(trial) = line.hear(value, slope) else { return Verdict::Exhausted };
        let hidden = (self.rise * line.origin.value.abs()).max(haze(value, line.origin.value));
        let level = trial.is_finite() && value <= line.origin.value + hidden;
        let unclear = level && (value >= line.origin.value - hidden || line.trials > PATIENCE);
        let falls = trial.is_finite() && line.falls(&trial, self.sufficient_decrease, unclear);
        if falls && (slope >= self.curvature * line.origin.slope || line.ends_at(&trial)) {
            return Verdict::Accept;
        }
        let (a, b) = (line.low, line.high);
        let uphill = trial.is_finite() && slope >= T::ZERO;
        if !uphill && level {
            line.low = trial;
        } else {
            line.high = trial;
        }
        match line.stage {
            Stage::Expand if !uphill && level => {
                let (ahead, most) = (secant(&a, &trial), self.expansion * trial.rate);
                let rate = if ahead > trial.rate && ahead < most { ahead } else { most };
                line.ask(rate.min(line.limit), Stage::Expand)
            }
            Stage::Halve { measured } if !uphill => self.halve(line, measured),
            stage if !uphill && !level => self.halve(line, matches!(stage, Stage::First | Stage::Second)),
            Stage::First => {
                let replaced = if uphill { secant(&b, &trial) } else { secant(&a, &trial) };
                if inside(line, replaced) { line.ask(replaced, Stage::Second) } else { self.check(line) }
            }
            Stage::Second | Stage::Halve { measured: true } => self.check(line),
            _ => self.round(line),
        }
    }
}

impl<T: Real> HagerZhang<T> {
    /// U3: the upper end lies too high.
    fn halve(&self, line: &mut Line<T>, measured: bool) -> Verdict {
        let share = if line.high.is_finite() { self.cut } else { T::of_f64(0.1) };
        line.ask(line.low.rate + share * (line.high.rate - line.low.rate), Stage::Halve { measured })
    }

    /// S1.
    fn round(&self, line: &mut Line<T>) -> Verdict {
        line.width = line.high.rate - line.low.rate;
        let rate = secant(&line.low, &line.high);
        if inside(line, rate) { line.ask(rate, Stage::First) } else { middle(line) }
    }

    /// L2.
    fn check(&self, line: &mut Line<T>) -> Verdict {
        let narrow = line.high.rate - line.low.rate <= self.contraction * line.width;
        if narrow { self.round(line) } else { middle(line) }
    }
}

fn middle<T: Real>(line: &mut Line<T>) -> Verdict {
    line.ask(line.low.rate + T::HALF * (line.high.rate - line.low.rate), Stage::Middle)
}

/// Where the line through two slopes vanishes.
fn secant<T: Real>(a: &Sample<T>, b: &Sample<T>) -> T {
    a.rate - a.slope * ((b.rate - a.rate) / (b.slope - a.slope))
}

fn inside<T: Real>(line: &Line<T>, rate: T) -> bool {
    line.low.rate < rate && rate < line.high.rate
}
