//! What the methods share: a measured point, which of two is better, what is read of every memory, ranges of parameters.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::real::{Real, haze, magnitude};
use crate::step::{Criterion, Stall, Status};

/// A point with what the oracle says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Point<T: Real, const N: usize> {
    pub(crate) x: SVector<T, N>,
    /// `f(x)`.
    pub(crate) value: T,
    /// `∇f(x)`.
    pub(crate) gradient: SVector<T, N>,
    /// How far the point is from stationary: the largest component of the gradient, unless a method measures otherwise.
    slope: T,
    /// The lowest value of all points whose place this one took: steps that rounding hides must not add up to a rise.
    lowest: T,
    /// The magnitude of f at the start.
    scale: T,
}

impl<T: Real, const N: usize> Point<T, N> {
    /// A point that nobody has looked at.
    pub(crate) const fn new(x: SVector<T, N>) -> Self {
        let far = T::INFINITY;
        Self { x, value: far, gradient: linalg::zeros(), slope: far, lowest: far, scale: far }
    }

    /// A point from the oracle's answer.
    pub(crate) fn of(x: SVector<T, N>, value: T, gradient: SVector<T, N>) -> Self {
        Self { x, value, gradient, slope: linalg::max_abs(&gradient), lowest: value, scale: T::INFINITY }
    }

    /// Asks the oracle.
    pub(crate) fn measure<P: Smooth<T, N>>(x: SVector<T, N>, problem: &mut P) -> Result<Self, P::Error> {
        let mut gradient = linalg::zeros();
        let value = problem.gradient(&x, &mut gradient)?;
        Ok(Self::of(x, value, gradient))
    }

    /// Whether all of it is finite: a step can be too long for the scalar, and the function finite even there.
    pub(crate) fn is_finite(&self) -> bool {
        self.value.is_finite() && linalg::all_finite(&self.gradient) && linalg::all_finite(&self.x)
    }

    /// How far the point is from stationary.
    pub(crate) const fn slope(&self) -> T {
        self.slope
    }

    /// The same point with another measure of how far it is from stationary.
    pub(crate) const fn with_slope(self, slope: T) -> Self {
        Self { slope, ..self }
    }

    /// How a solve stands that has this for its best point. The value at the start limits the scale: a function that falls without
    /// bound must not count as flat beside itself.
    pub(crate) fn status(&self, gradient_tolerance: T) -> Status {
        if !self.is_finite() {
            Status::Stalled(Stall::NonFinite)
        } else if self.slope() <= gradient_tolerance * self.magnitude() {
            Status::Converged(Criterion::Gradient)
        } else {
            Status::Running
        }
    }

    /// `max(1, min(|f|, |f₀|))`, f₀ at the start.
    pub(crate) fn magnitude(&self) -> T {
        magnitude(self.value, self.scale)
    }

    /// This point as one of the solve that has that best point.
    pub(crate) const fn beside(self, best: &Self) -> Self {
        Self { scale: best.scale, ..self }
    }

    /// Opens a solve: this becomes the best point if it is finite.
    pub(crate) fn open(self, best: &mut Self, gradient_tolerance: T) -> Status {
        let status = self.beside(best).status(gradient_tolerance);
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
        !(self.value <= best.lowest + T::of_f64(16.0) * haze(self.value, best.lowest))
    }

    /// Whether the value is lower or, where rounding hides that, the gradient smaller.
    pub(crate) fn beats(&self, other: &Self) -> bool {
        let hidden = haze(self.value, other.value);
        let change = self.value - other.value;
        let flatter = change <= hidden && self.slope() < other.slope() && !self.rises_above(other);
        self.is_finite() && (change < -hidden || flatter)
    }
}

/// What is read of every memory: its field `best`, wherever it lies.
macro_rules! readable {
    ($state:ident $(, $extra:ident)*) => { readable!($state $(, $extra)* => best); };
    ($state:ident $(, $extra:ident)* => $($best:ident).+) => {
        crate::smooth::point::placed!($state $(, $extra)* => $($best).+);

        impl<T: Real, const N: usize $(, const $extra: usize)*> $state<T, N $(, $extra)*> {
            /// `∇f` at [`x`](Self::x).
            #[must_use]
            pub const fn gradient(&self) -> &SVector<T, N> {
                &self.$($best).+.gradient
            }
        }
    };
}
pub(crate) use readable;

/// As [`readable!`], of a memory whose gradient may not be that at the best point.
macro_rules! placed {
    ($state:ident $(, $extra:ident)* => $($best:ident).+) => {
        impl<T: Real, const N: usize $(, const $extra: usize)*> $state<T, N $(, $extra)*> {
            /// The best point so far.
            #[must_use]
            pub const fn x(&self) -> &SVector<T, N> {
                &self.$($best).+.x
            }

            /// `f` at [`x`](Self::x); infinite before the first step.
            #[must_use]
            pub const fn value(&self) -> T {
                self.$($best).+.value
            }
        }

        impl<T: Real, const N: usize $(, const $extra: usize)*> From<SVector<T, N>> for $state<T, N $(, $extra)*> {
            fn from(start: SVector<T, N>) -> Self {
                Self::new(start)
            }
        }
    };
}
pub(crate) use placed;
