//! The quadratic model of proximal Newton methods and its minimization by coordinates.
//!
//! `m(w) = ⟨g, w - x⟩ + ½ (w - x)ᵀ(H + μI)(w - x) + p(w)` for a separable p. A sweep minimizes it exactly along each coordinate
//! in turn and maintains the slope `g + (H + μI)(w - x)`, so that it costs N² multiplications and no memory beside the matrix.

use nalgebra::{SMatrix, SVector};

use crate::composite::point::Point;
use crate::linalg::{self, columns, entries, entries_mut};
use crate::penalty::Separable;
use crate::real::{Real, haze};

/// The model and how far its minimization is.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Subproblem<T: Real, const N: usize> {
    /// H.
    pub(crate) matrix: SMatrix<T, N, N>,
    /// w.
    pub(crate) point: SVector<T, N>,
    /// `g + (H + μI)(w - x)`.
    slope: SVector<T, N>,
    /// μ.
    damping: T,
    /// Sweeps over this model so far.
    sweeps: u32,
}

/// What a trial of the model's minimizer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    Accepted,
    Rejected,
    /// Rounding hides the difference, and stationarity is no nearer.
    Nothing,
}

impl<T: Real, const N: usize> Subproblem<T, N> {
    pub(crate) const fn new() -> Self {
        Self { matrix: linalg::zeros(), point: linalg::zeros(), slope: linalg::zeros(), damping: T::ZERO, sweeps: 0 }
    }

    /// The largest magnitude on the diagonal, one if that is zero.
    fn scale(&self) -> T {
        let largest = self.diagonal().fold(T::ZERO, |most, h| h.abs().max(most));
        if largest > T::ZERO { largest } else { T::ONE }
    }

    fn diagonal(&self) -> impl Iterator<Item = T> {
        columns(&self.matrix).iter().enumerate().filter_map(|(j, column)| column.get(j).copied())
    }

    /// A new model at x; μ makes every coordinate bend upwards.
    pub(crate) fn open(&mut self, at: &Point<T, N>) {
        let scale = self.scale();
        let least = T::of_f64(1e-6) * scale;
        let lowest = self.diagonal().fold(T::INFINITY, T::min);
        if lowest + self.damping < least {
            self.damping = T::of_f64(1e-2) * scale - lowest;
        }
        self.point = at.x;
        self.slope = at.gradient;
        self.sweeps = 0;
    }

    /// At most `budget` sweeps; whether the model is stationary up to `target`, or `limit` sweeps are done.
    pub(crate) fn solve<R: Separable<T>>(&mut self, penalty: &R, target: T, budget: u32, limit: u32) -> bool {
        for _ in 0..budget {
            let moved = self.sweep(penalty);
            self.sweeps = self.sweeps.saturating_add(1);
            let mut slope = self.slope;
            if !moved || self.sweeps >= limit || penalty.gap(entries(&self.point), entries_mut(&mut slope)) <= target {
                return true;
            }
        }
        false
    }

    /// Minimizes along each coordinate in turn; whether one moved.
    fn sweep<R: Separable<T>>(&mut self, penalty: &R) -> bool {
        let mut moved = false;
        let (h, w, slope) = (columns(&self.matrix), entries_mut(&mut self.point), entries_mut(&mut self.slope));
        for j in 0..N {
            let bend = h[j][j] + self.damping;
            let to = penalty.prox_at(j, w[j] - slope[j] / bend, T::ONE / bend);
            let d = to - w[j];
            if d != T::ZERO && d.is_finite() {
                w[j] = to;
                slope[j] += self.damping * d;
                for i in 0..N {
                    slope[i] += h[j][i] * d;
                }
                moved = true;
            }
        }
        moved
    }

    /// What the model promises: `m(w) - m(x)`.
    fn promise(&self, at: &Point<T, N>, penalty_change: T) -> T {
        T::HALF * linalg::dot(&(self.slope + at.gradient), &(self.point - at.x)) + penalty_change
    }

    /// Judges the measured w by the share of the promised decrease that it kept, adapts μ, and on acceptance makes it the best
    /// point.
    pub(crate) fn judge(&mut self, best: &mut Point<T, N>, to: &Point<T, N>) -> Trial {
        let promised = self.promise(best, (to.value - to.smooth) - (best.value - best.smooth));
        let found = to.value - best.value;
        let hidden = haze(best.smooth, to.smooth).max(haze(best.value, to.value));
        if to.is_smooth() && promised.abs() <= hidden && found.abs() <= hidden {
            return if to.improve(best) { Trial::Accepted } else { Trial::Nothing };
        }
        // NaN fails the comparison.
        let kept = found / promised;
        let fair = promised < T::ZERO && kept >= T::of_f64(1e-4) && to.is_smooth() && to.value.is_finite();
        if !(fair && kept >= T::of_f64(0.25)) {
            self.damping = (self.damping * T::of_f64(4.0)).max(T::of_f64(1e-3) * self.scale());
        } else if kept > T::of_f64(0.75) {
            self.damping *= T::of_f64(0.25);
            if self.damping < T::of_f64(1e-6) * self.scale() {
                self.damping = T::ZERO;
            }
        }
        if fair {
            to.replace(best);
            Trial::Accepted
        } else {
            Trial::Rejected
        }
    }
}
