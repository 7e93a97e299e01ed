//! A linearized point of a nonlinear program, and how far it is from optimal.

use nalgebra::{SMatrix, SVector};

use crate::constrained::kkt::{KktResidual, Tally, worse};
use crate::least_squares::Bounds;
use crate::linalg::{self, columns, entries};
use crate::real::Real;

/// A linearized point.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(super) struct Linearization<T: Real, const N: usize, const M: usize> {
    pub x: SVector<T, N>,
    /// `f(x)`.
    pub f: T,
    /// `∇f(x)`.
    pub g: SVector<T, N>,
    /// `c(x)`.
    pub c: SVector<T, M>,
    /// `∂cᵢ/∂xⱼ`.
    pub j: SMatrix<T, M, N>,
}

/// What must hold: `lower ≤ c(x) ≤ upper`, and bounds on x.
pub(super) struct Limits<'a, T: Real, const N: usize, const M: usize> {
    pub lower: &'a SVector<T, M>,
    pub upper: &'a SVector<T, M>,
    pub bounds: &'a Bounds<T, N>,
}

impl<T: Real, const N: usize, const M: usize> Linearization<T, N, M> {
    /// `Jᵀy`.
    pub(super) fn force(&self, y: &SVector<T, M>) -> SVector<T, N> {
        let mut product = linalg::zeros();
        linalg::multiply_adjoint(&self.j, y, &mut product);
        product
    }

    pub(super) fn is_finite(&self) -> bool {
        self.f.is_finite()
            && linalg::all_finite(&self.g)
            && linalg::all_finite(&self.c)
            && columns(&self.j).iter().flatten().all(|j| j.is_finite())
    }

    /// The optimality conditions with the multipliers y.
    pub(super) fn certify(&self, limits: &Limits<'_, T, N, M>, multipliers: &SVector<T, M>) -> KktResidual<T> {
        let force = self.force(multipliers);
        let (mut dual, mut tally) = (T::ZERO, Tally::new());
        for j in 0..N {
            let x = entries(&self.x)[j];
            let slope = entries(&self.g)[j] + entries(&force)[j];
            let (low, high) = (entries(&limits.bounds.lower)[j], entries(&limits.bounds.upper)[j]);
            // A bound within reach of the slope takes it up.
            let held = clamp(x - slope, low, high) != x - slope;
            tally.add(x, low, high, if held { -slope } else { T::ZERO });
            dual = worse(dual, if held { T::ZERO } else { slope.abs() });
        }
        for i in 0..M {
            let (lower, upper) = (entries(limits.lower)[i], entries(limits.upper)[i]);
            tally.add(entries(&self.c)[i], lower, upper, entries(multipliers)[i]);
        }
        let size = linalg::max_abs(&self.g).max(linalg::max_abs(&force));
        // What f changes on the way from the origin: a constant is no scale.
        let change = self.g.iter().zip(self.x.iter()).fold(T::ZERO, |sum, (&g, &x)| sum + (g * x).abs());
        tally.residual(self.f, dual / (T::ONE + size), change)
    }

    /// How far x is from a minimizer of the augmented Lagrangian, whose gradient is `∇f + Jᵀ push`: the largest component,
    /// relative to its terms, or distance to the bound that a step against it reaches, relative to x.
    pub(super) fn stationarity(&self, bounds: &Bounds<T, N>, push: &SVector<T, M>) -> T {
        let force = self.force(push);
        let size = T::ONE + linalg::max_abs(&self.g).max(linalg::max_abs(&force));
        let reach = T::ONE + linalg::max_abs(&self.x);
        (0..N).fold(T::ZERO, |worst, j| {
            let (x, slope) = (entries(&self.x)[j], entries(&self.g)[j] + entries(&force)[j]);
            let end = clamp(x - slope, entries(&bounds.lower)[j], entries(&bounds.upper)[j]);
            worse(worst, if end == x - slope { slope.abs() / size } else { (x - end).abs() / reach })
        })
    }

    /// Whether the violation is stationary: no nearby point violates less.
    pub(super) fn is_trapped(&self, limits: &Limits<'_, T, N, M>, scales: &SVector<T, M>) -> bool {
        let distance = |i: usize| {
            let c = entries(&self.c)[i];
            c - clamp(c, entries(limits.lower)[i], entries(limits.upper)[i])
        };
        let pull: SVector<T, M> = linalg::vector(|i| entries(scales)[i].squared() * distance(i));
        // Stationary where the pulls cancel, move nothing within reach, or a bound holds against them.
        let gain = (0..M).fold(T::ZERO, |sum, i| sum + (entries(scales)[i] * distance(i)).squared());
        let small = T::SQRT_EPSILON.sqrt();
        (0..N).all(|j| {
            let (mut force, mut terms) = (T::ZERO, T::ZERO);
            for (&slope, &pull) in columns(&self.j)[j].iter().zip(entries(&pull)) {
                force += slope * pull;
                terms += (slope * pull).abs();
            }
            let x = entries(&self.x)[j];
            let held = x == clamp(x - force, entries(&limits.bounds.lower)[j], entries(&limits.bounds.upper)[j]);
            held || force.abs() <= small * terms || force.abs() * (T::ONE + x.abs()) <= small * gain
        })
    }
}

/// The nearest number in `[low, high]`; NaN stays NaN.
pub(super) fn clamp<T: Real>(x: T, low: T, high: T) -> T {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}
