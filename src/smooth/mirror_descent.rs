//! Mirror descent: gradient steps in the geometry of a set.
//!
//! Minimizes a convex `f`, which need not be smooth, over a set X with a mirror map Φ. One iteration, with a subgradient g at x
//! and the rate t:
//!
//! `x⁺ = argmin t ⟨g, u⟩ + D(u, x)` over u in X, which is `∇Φ(y) = ∇Φ(x) - t g` and a projection in
//! `D(u, x) = Φ(u) - Φ(x) - ⟨∇Φ(x), u - x⟩`.
//!
//! With Φ strongly convex by ρ and subgradients at most G in the dual norm, `R² = sup Φ - Φ(x₀)` and `t = (R/G) √(2ρ/k)`, the
//! [`average`](MirrorDescentState::average) of k points has `f - f* ≤ R G √(2/(ρ k))`. On the simplex with
//! [`Entropy`](crate::smooth::Entropy) R² is `ln N`: the number of coordinates hardly matters. With
//! [`Euclidean`](crate::smooth::Euclidean) it is the projected subgradient method.
//!
//! Reference: Bubeck, "Convex optimization: algorithms and complexity", 2015, theorem 4.2; Beck & Teboulle, "Mirror descent and nonlinear
//! projected subgradient methods", 2003. Memory: two points and a vector. One gradient an iteration. The best point is the best
//! measured; nobody has looked at the average. Choose [`FrankWolfe`](crate::constrained::FrankWolfe) or
//! [`SpectralProjectedGradient`](crate::composite::SpectralProjectedGradient) where f is smooth and many digits are wanted.

use nalgebra::SVector;

use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::mirror::{self, Average, MirrorMap};
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Parameters of mirror descent.
///
/// ```
/// use thalweg::{Method, smooth::{Entropy, MirrorDescent}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![0.7, 0.5, -0.4]; 0.5 * g.norm_squared() });
/// let (state, _) = MirrorDescent::new(Entropy, 0.5).solve(vector![0.3_f64, 0.3, 0.4], &mut distance, 2000).unwrap();
/// assert!((state.x() - vector![0.6, 0.4, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MirrorDescent<T, X> {
    /// Φ.
    pub map: X,
    /// t. Positive. After a point where f is not finite the solve goes on from the best point with half the rate.
    pub rate: T,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap ≤ gap_tolerance · max(1, min(|f|, |f₀|))`, the gap of the mirror map, f₀ at the start. Zero or more;
    /// default √ε.
    pub gap_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real, X: MirrorMap<T>> MirrorDescent<T, X> {
    /// The default parameters with a mirror map and a rate.
    pub const fn new(map: X, rate: T) -> Self {
        Self { map, rate, gap_tolerance: T::SQRT_EPSILON, patience: PATIENCE }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.rate)?;
        self.map.validate()
    }
}

/// Memory of [`MirrorDescent`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct MirrorDescentState<T: Real, const N: usize> {
    /// x, and the best of them.
    walk: Walk<T, N>,
    /// The mean of all x.
    average: Average<T, N>,
}

impl<T: Real, const N: usize> MirrorDescentState<T, N> {
    /// A memory at a starting point; one outside of X is moved there.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x), average: Average::new(x) }
    }

    /// The mean of all points since the start, or since a point where f is not finite.
    #[must_use]
    pub const fn average(&self) -> &SVector<T, N> {
        self.average.mean()
    }
}

impl<T: Real, const N: usize, X: MirrorMap<T>, P: Smooth<T, N>> Method<P, MirrorDescentState<T, N>>
    for MirrorDescent<T, X>
{
    fn step(&self, state: &mut MirrorDescentState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize, X: MirrorMap<T>> Walker<T, N, MirrorDescentState<T, N>> for MirrorDescent<T, X> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut MirrorDescentState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        mirror::status(best, self.gap_tolerance)
    }

    fn judge(&self, point: Point<T, N>) -> Point<T, N> {
        mirror::judged(&self.map, point)
    }

    fn admit(&self, start: SVector<T, N>) -> SVector<T, N> {
        mirror::admitted(&self.map, start)
    }

    fn depart(&self, state: &mut MirrorDescentState<T, N>) {
        state.average = Average::new(state.walk.at.x);
        state.average.add(&state.walk.at.x);
    }

    fn next(&self, state: &MirrorDescentState<T, N>) -> SVector<T, N> {
        let Walk { at, caution, .. } = &state.walk;
        mirror::moved(&self.map, &at.x, &at.gradient, self.rate * *caution)
    }

    fn arrive(&self, state: &mut MirrorDescentState<T, N>, point: Point<T, N>) -> Status {
        state.walk.at = point;
        state.average.add(&point.x);
        Status::Running
    }
}

walked!(MirrorDescentState);
