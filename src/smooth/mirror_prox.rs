//! Mirror prox: the gradient is taken where mirror descent would go, the extragradient method in the geometry of a set.
//!
//! Minimizes a convex `f` with an L-Lipschitz gradient over a set X with a mirror map Φ. One iteration, with the rate t and
//! `D(u, x)` as in [`MirrorDescent`](crate::smooth::MirrorDescent):
//!
//! 1. `y = argmin t ⟨∇f(x), u⟩ + D(u, x)` over u in X;
//! 2. `x⁺ = argmin t ⟨∇f(y), u⟩ + D(u, x)` over u in X.
//!
//! With Φ strongly convex by ρ, `R² = sup Φ - Φ(x₀)` and `t = ρ/L`, the [`average`](MirrorProxState::average) of k points y has
//! `f - f* ≤ L R²/(ρ k)`.
//!
//! Reference: Nemirovski, "Prox-method with rate of convergence O(1/t)", 2004; Bubeck, "Convex optimization: algorithms and
//! complexity", 2015, theorem 4.4. Memory: two points and two vectors. Two gradients an iteration. Choose it over mirror descent
//! where f is smooth and its constants fit the geometry of Φ.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::mirror::{self, Average, MirrorMap};
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Parameters of mirror prox.
///
/// ```
/// use thalweg::{Method, smooth::{Entropy, MirrorProx}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![0.7, 0.5, -0.4]; 0.5 * g.norm_squared() });
/// let (state, _) = MirrorProx::new(Entropy, 0.5).solve(vector![0.3_f64, 0.3, 0.4], &mut distance, 2000).unwrap();
/// assert!((state.x() - vector![0.6, 0.4, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MirrorProx<T, X> {
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

impl<T: Real, X: MirrorMap<T>> MirrorProx<T, X> {
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

/// Memory of [`MirrorProx`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct MirrorProxState<T: Real, const N: usize> {
    /// x, and the best of all points.
    walk: Walk<T, N>,
    /// `∇f(y)`.
    ahead: SVector<T, N>,
    /// Whether y was asked for last.
    looked: bool,
    /// The mean of all y.
    average: Average<T, N>,
}

impl<T: Real, const N: usize> MirrorProxState<T, N> {
    /// A memory at a starting point; one outside of X is moved there.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x), ahead: linalg::zeros(), looked: false, average: Average::new(x) }
    }

    /// The mean of all y since the start, or since a point where f is not finite; the start before the first.
    #[must_use]
    pub const fn average(&self) -> &SVector<T, N> {
        self.average.mean()
    }

    /// How many y the average is of.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.average.count()
    }
}

impl<T: Real, const N: usize, X: MirrorMap<T>, P: Smooth<T, N>> Method<P, MirrorProxState<T, N>> for MirrorProx<T, X> {
    fn step(&self, state: &mut MirrorProxState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize, X: MirrorMap<T>> Walker<T, N, MirrorProxState<T, N>> for MirrorProx<T, X> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut MirrorProxState<T, N>) -> &mut Walk<T, N> {
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

    fn depart(&self, state: &mut MirrorProxState<T, N>) {
        (state.looked, state.average) = (false, Average::new(state.walk.at.x));
    }

    fn next(&self, state: &MirrorProxState<T, N>) -> SVector<T, N> {
        let Walk { at, caution, .. } = &state.walk;
        let gradient = if state.looked { &state.ahead } else { &at.gradient };
        mirror::moved(&self.map, &at.x, gradient, self.rate * *caution)
    }

    fn arrive(&self, state: &mut MirrorProxState<T, N>, point: Point<T, N>) -> Status {
        if state.looked {
            state.walk.at = point;
        } else {
            state.ahead = point.gradient;
            state.average.add(&point.x);
        }
        state.looked = !state.looked;
        Status::Running
    }
}

walked!(MirrorProxState);
