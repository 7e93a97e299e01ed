//! Line searches: machines that are fed values and slopes along a ray, and never call an oracle.
//!
//! A [`Line`] is the memory of one search: it says at which rate to ask next. A [`LineSearch`] holds the parameters and judges the
//! answer. With `φ(t) = f(x + t d)`:
//!
//! ```
//! use thalweg::line_search::{Line, LineSearch, StrongWolfe, Verdict};
//! let (value, slope) = (|t: f64| (t - 3.0) * (t - 3.0), |t: f64| 2.0 * (t - 3.0));
//! let (search, mut line) = (StrongWolfe::default(), Line::begin(value(0.0), slope(0.0), 1.0));
//! let mut verdict = Verdict::Ask;
//! while verdict == Verdict::Ask {
//!     let rate = line.rate();
//!     verdict = search.tell(&mut line, value(rate), slope(rate));
//! }
//! assert!(value(line.rate()) < 9.0);
//! ```
//!
//! | search | accepts | choose it for |
//! |---|---|---|
//! | [`Backtracking`] | sufficient decrease | values without slopes |
//! | [`StrongWolfe`] | sufficient decrease, and a slope that is small | quasi-Newton steps, nearly exact searches |
//! | [`HagerZhang`] | the Wolfe conditions, or an approximation that rounding cannot break | conjugate gradients |
//!
//! A value or slope that is not finite shortens the rate. No search takes more than [`TRIALS`] questions.

mod backtracking;
mod hager_zhang;
mod strong_wolfe;

pub use backtracking::Backtracking;
pub use hager_zhang::HagerZhang;
pub use strong_wolfe::StrongWolfe;

use crate::real::{Real, haze};
use crate::step::ConfigError;

/// The most questions of one search.
pub const TRIALS: u32 = 50;

/// What a search says of an answer.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ask at the new [`Line::rate`].
    Ask,
    /// The rate that was asked at is accepted; [`Line::rate`] still is that rate.
    Accept,
    /// No acceptable rate was found: the slope at zero is not negative, or rounding or [`TRIALS`] end the search.
    Exhausted,
    /// The value still falls steeply after [`TRIALS`] ever longer rates.
    Unbounded,
}

/// The parameters of a line search.
///
/// An implementation *must* end with another verdict than [`Verdict::Ask`] after at most [`TRIALS`] answers, whatever they are, and
/// *must not* ask beyond the limit of the line.
pub trait LineSearch<T: Real> {
    /// Checks the documented ranges.
    ///
    /// # Errors
    /// The first range that does not hold.
    fn validate(&self) -> Result<(), ConfigError>;

    /// Judges `φ` and `φ'` at [`Line::rate`].
    fn tell(&self, line: &mut Line<T>, value: T, slope: T) -> Verdict;
}

/// A rate with what is known there.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Sample<T> {
    rate: T,
    value: T,
    slope: T,
}

impl<T: Real> Sample<T> {
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.slope.is_finite()
    }

    /// Whether the value is lower or, where rounding hides that, the slope smaller.
    fn is_below(&self, other: &Self) -> bool {
        let (change, hidden) = (self.value - other.value, haze(self.value, other.value));
        change < -hidden || (change <= hidden && self.slope.abs() < other.slope.abs())
    }
}

/// What the next question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stage {
    /// Finds an interval that holds an acceptable rate.
    Expand,
    /// Interpolates between the ends.
    Zoom,
    /// Halves until the upper end has a slope upwards; the interval may then be too wide.
    Halve { measured: bool },
    /// The secant through both ends.
    First,
    /// The secant through an end and the one it replaced.
    Second,
    /// The middle of an interval that shrank too little.
    Middle,
}

/// The memory of one search along `φ(t) = f(x + t d)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Line<T> {
    /// φ at zero.
    origin: Sample<T>,
    /// The end of the interval with the lower value.
    low: Sample<T>,
    /// The other end.
    high: Sample<T>,
    /// The width of the interval a while ago.
    width: T,
    /// t.
    rate: T,
    /// The largest t.
    limit: T,
    stage: Stage,
    trials: u32,
}

impl<T: Real> Line<T> {
    /// A search from `φ(0)` and `φ'(0)`, to ask first at `rate`.
    #[must_use]
    pub const fn begin(value: T, slope: T, rate: T) -> Self {
        let origin = Sample { rate: T::ZERO, value, slope };
        let (width, limit) = (T::INFINITY, T::INFINITY);
        Self { origin, low: origin, high: origin, width, rate, limit, stage: Stage::Expand, trials: 0 }
    }

    /// The same search, to stay at or below a positive rate, which is accepted if the value still falls there.
    #[must_use]
    pub fn within(mut self, limit: T) -> Self {
        self.limit = limit;
        self.rate = self.rate.min(limit);
        self
    }

    /// Where to ask next; after [`Verdict::Accept`] the accepted rate.
    #[must_use]
    pub const fn rate(&self) -> T {
        self.rate
    }

    /// The slope at zero.
    #[must_use]
    pub const fn slope(&self) -> T {
        self.origin.slope
    }

    /// Takes an answer in; `None` if the search cannot work.
    fn hear(&mut self, value: T, slope: T) -> Option<Sample<T>> {
        self.trials = self.trials.saturating_add(1);
        let works = self.origin.is_finite() && self.origin.slope < T::ZERO && self.rate > T::ZERO;
        works.then_some(Sample { rate: self.rate, value, slope })
    }

    /// `φ(t) ≤ φ(0) + c t φ'(0)` or, where the values are not to be relied on, what that says of a parabola:
    /// `φ'(t) ≤ (2c - 1) φ'(0)` (Hager & Zhang 2005, section 2).
    fn falls(&self, trial: &Sample<T>, c: T, unclear: bool) -> bool {
        trial.value - self.origin.value <= c * trial.rate * self.origin.slope
            || (unclear && trial.slope <= (T::TWO * c - T::ONE) * self.origin.slope)
    }

    /// Whether rounding hides which of this value and that at zero is lower.
    fn hides(&self, value: T) -> bool {
        (value - self.origin.value).abs() <= haze(value, self.origin.value)
    }

    /// Whether the longest rate is reached and the way still leads down.
    fn ends_at(&self, trial: &Sample<T>) -> bool {
        trial.rate >= self.limit && trial.slope <= T::ZERO
    }

    /// Asks at a rate, unless it has been asked at or too many were.
    fn ask(&mut self, rate: T, stage: Stage) -> Verdict {
        self.stage = stage;
        if self.trials >= TRIALS || rate == T::INFINITY {
            return if stage == Stage::Expand { Verdict::Unbounded } else { Verdict::Exhausted };
        }
        if !rate.is_finite() || rate == self.low.rate || rate == self.high.rate || rate == self.rate {
            return Verdict::Exhausted;
        }
        self.rate = rate;
        Verdict::Ask
    }
}
