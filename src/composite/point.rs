//! What the methods share: a measured point, which of two is better, and what values say of a proximal step.

use nalgebra::SVector;

use crate::linalg::{self, entries, entries_mut};
use crate::penalty::Penalty;
use crate::problem::Smooth;
use crate::real::{Real, haze, magnitude};
use crate::step::{Criterion, Stall, Status};

/// A point with what the oracle and the penalty say of it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Point<T: Real, const N: usize> {
    pub(crate) x: SVector<T, N>,
    /// `f(x)`.
    pub(crate) smooth: T,
    /// `F(x)`.
    pub(crate) value: T,
    /// `∇f(x)`.
    pub(crate) gradient: SVector<T, N>,
    /// The distance of `-∇f(x)` to `∂p(x)`.
    pub(crate) gap: T,
    /// The lowest value of all points whose place this one took: steps that rounding hides must not add up to a rise.
    lowest: T,
    /// The magnitude of F at the start.
    scale: T,
}

impl<T: Real, const N: usize> Point<T, N> {
    /// A point that nobody has looked at.
    pub(crate) const fn new(x: SVector<T, N>) -> Self {
        Self {
            x,
            smooth: T::INFINITY,
            value: T::INFINITY,
            gradient: linalg::zeros(),
            gap: T::INFINITY,
            lowest: T::INFINITY,
            scale: T::INFINITY,
        }
    }

    /// A point from the oracle's answer.
    pub(crate) fn of<R: Penalty<T>>(penalty: &R, x: SVector<T, N>, smooth: T, gradient: SVector<T, N>) -> Self {
        let mut g = gradient;
        let gap = penalty.gap(entries(&x), entries_mut(&mut g));
        let value = smooth + penalty.value(entries(&x));
        Self { x, smooth, value, gradient, gap, lowest: value, scale: T::INFINITY }
    }

    /// Asks the oracle.
    pub(crate) fn measure<R: Penalty<T>, P: Smooth<T, N>>(
        penalty: &R,
        x: SVector<T, N>,
        problem: &mut P,
    ) -> Result<Self, P::Error> {
        let mut gradient = linalg::zeros();
        let smooth = problem.gradient(&x, &mut gradient)?;
        Ok(Self::of(penalty, x, smooth, gradient))
    }

    /// Whether the point, f and its gradient are finite; the point may be outside the penalty's domain.
    pub(crate) fn is_smooth(&self) -> bool {
        self.smooth.is_finite() && linalg::all_finite(&self.gradient) && linalg::all_finite(&self.x)
    }

    /// How a solve stands that has this for its best point. The value at the start limits the scale: an objective that falls without
    /// bound must not count as stationary beside itself.
    pub(crate) fn status(&self, gap_tolerance: T) -> Status {
        if !(self.value.is_finite() && self.is_smooth()) {
            Status::Stalled(Stall::NonFinite)
        } else if self.gap <= gap_tolerance * self.magnitude() {
            Status::Converged(Criterion::Gap)
        } else {
            Status::Running
        }
    }

    /// `max(1, min(|F|, |F₀|))`, F₀ at the start.
    pub(crate) fn magnitude(&self) -> T {
        magnitude(self.value, self.scale)
    }

    /// This point as one of the solve that has that best point.
    pub(crate) const fn beside(self, best: &Self) -> Self {
        Self { scale: best.scale, ..self }
    }

    /// Opens a solve: this becomes the best point if it is finite.
    pub(crate) fn open(self, best: &mut Self, gap_tolerance: T) -> Status {
        let status = self.beside(best).status(gap_tolerance);
        if status != Status::Stalled(Stall::NonFinite) {
            self.replace(best);
        }
        status
    }

    /// Takes the place of the best point if it is better; whether it was.
    pub(crate) fn improve(&self, best: &mut Self) -> bool {
        let better = self.beats(best);
        if better {
            self.replace(best);
        }
        better
    }

    /// Takes the place of the best point.
    pub(crate) fn replace(&self, best: &mut Self) {
        let lowest = best.lowest.min(self.value);
        let scale = if best.scale.is_finite() { best.scale } else { self.value.abs() };
        *best = Self { lowest, scale, ..*self };
    }

    /// Whether the value lies above what has been, by more than rounding explains.
    pub(crate) fn rises_above(&self, best: &Self) -> bool {
        !(self.value
            <= best.lowest + T::of_f64(128.0) * haze(self.smooth, best.smooth).max(haze(self.value, best.value)))
    }

    /// Whether the value is lower or, where rounding hides that, stationarity nearer.
    pub(crate) fn beats(&self, other: &Self) -> bool {
        let hidden = haze(self.value, other.value).max(haze(self.smooth, other.smooth));
        let change = self.value - other.value;
        let nearer = change <= hidden && self.gap < other.gap && !self.rises_above(other);
        self.value.is_finite() && self.is_smooth() && (change < -hidden || nearer)
    }

    /// `prox(x - rate · ∇f(x))`.
    pub(crate) fn forward_backward<R: Penalty<T>>(&self, penalty: &R, rate: T) -> SVector<T, N> {
        let mut z = self.x - self.gradient * rate;
        penalty.prox(entries_mut(&mut z), rate);
        z
    }

    /// The forward-backward envelope `f(x) - ⟨∇f(x), r⟩ + ‖r‖²/(2 rate) + p(x - r)` with `x - r = prox(x - rate · ∇f(x))`.
    pub(crate) fn envelope<R: Penalty<T>>(&self, penalty: &R, rate: T) -> T {
        let z = self.forward_backward(penalty, rate);
        let r = self.x - z;
        self.smooth - linalg::dot(&self.gradient, &r)
            + linalg::dot(&r, &r) / (T::TWO * rate)
            + penalty.value(entries(&z))
    }

    /// What the values at `to` say of the rate that led there: `f(z) ≤ f(x) + ⟨∇f(x), z - x⟩ + ‖z - x‖²/(2 rate)`
    /// (Beck & Teboulle 2009, section 3).
    pub(crate) fn judge(&self, to: &Self, rate: T) -> Verdict<T> {
        let d = to.x - self.x;
        let rise = to.smooth - self.smooth - linalg::dot(&self.gradient, &d);
        let length = linalg::dot(&d, &d);
        let mut found = length / (T::TWO * rise);
        if to.is_smooth() && rise.is_finite() {
            // Where rounding blurs the difference of values, the trapezoid of the slopes stands for it.
            let haze = haze(self.smooth, to.smooth) * rate;
            if length <= T::of_f64(512.0) * haze {
                let bend = linalg::dot(&(to.gradient - self.gradient), &d);
                if bend * rate <= length {
                    return if length <= haze { Verdict::Hidden } else { Verdict::Holds };
                }
                found = length / bend;
            } else if T::TWO * rate * rise <= length {
                return Verdict::Holds;
            }
        }
        let half = T::HALF * rate;
        Verdict::Fails(if found > T::ZERO && found < half { found } else { half })
    }
}

/// What values say of the rate of a proximal step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict<T> {
    /// The upper model holds.
    Holds,
    /// Rounding hides whether it does; the gradients do not speak against it.
    Hidden,
    /// It does not; a shorter rate to try.
    Fails(T),
}

/// How many steps whose length rounding hides a method with a memory may take before it begins again at the best point.
pub(crate) const PATIENCE: u32 = 10;

/// The point itself, or where the proximal operator moves it if it is outside the penalty's domain.
pub(crate) fn inside<T: Real, const N: usize, R: Penalty<T>>(penalty: &R, x: &SVector<T, N>, rate: T) -> SVector<T, N> {
    let mut start = *x;
    if !penalty.value(entries(x)).is_finite() {
        penalty.prox(entries_mut(&mut start), rate);
    }
    start
}

/// What is read of every memory: its field `best`.
macro_rules! readable {
    ($state:ident $(, $extra:ident)*) => {
        impl<T: Real, const N: usize $(, const $extra: usize)*> $state<T, N $(, $extra)*> {
            /// The best point so far.
            #[must_use]
            pub const fn x(&self) -> &SVector<T, N> {
                &self.best.x
            }

            /// `F` at [`x`](Self::x); infinite before the first step.
            #[must_use]
            pub const fn value(&self) -> T {
                self.best.value
            }

            /// `∇f` at [`x`](Self::x).
            #[must_use]
            pub const fn gradient(&self) -> &SVector<T, N> {
                &self.best.gradient
            }

            /// The distance of `-∇f` to `∂p` at [`x`](Self::x); infinite before the first step.
            #[must_use]
            pub const fn gap(&self) -> T {
                self.best.gap
            }
        }

        impl<T: Real, const N: usize $(, const $extra: usize)*> From<SVector<T, N>> for $state<T, N $(, $extra)*> {
            fn from(start: SVector<T, N>) -> Self {
                Self::new(start)
            }
        }
    };
}
pub(crate) use readable;
