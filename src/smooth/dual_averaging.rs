//! Dual averaging: mirror descent that remembers the sum of all gradients, also called lazy.
//!
//! Minimizes a convex `f`, which need not be smooth, over a set X with a mirror map Φ. One iteration, with subgradients `g_s` at
//! all points so far and the rate t:
//!
//! `x⁺ = argmin t ⟨Σ g_s, u⟩ + D(u, x₀)` over u in X.
//!
//! With Φ strongly convex by ρ and subgradients at most G in the dual norm, `R² = sup Φ - Φ(x₀)` and `t = (R/G) √(ρ/(2k))`, the
//! [`average`](DualAveragingState::average) of k points has `f - f* ≤ 2 R G √(2/(ρ k))`. Where no projection is needed, as with
//! [`Entropy`](crate::smooth::Entropy), it is [`MirrorDescent`](crate::smooth::MirrorDescent); at the border of a set it does not
//! forget how hard it was pushed there.
//!
//! Reference: Nesterov, "Primal-dual subgradient methods for convex problems", 2009; Bubeck, "Convex optimization: algorithms and
//! complexity", 2015, theorem 4.3. Memory: two points and two vectors. One gradient an iteration. Choose it over mirror descent
//! where gradients are noisy.

use nalgebra::SVector;

use crate::linalg::{self, entries_mut};
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::mirror::{self, Average, MirrorMap};
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Parameters of dual averaging.
///
/// ```
/// use thalweg::{Method, smooth::{Entropy, DualAveraging}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![0.7, 0.5, -0.4]; 0.5 * g.norm_squared() });
/// let (state, _) = DualAveraging::new(Entropy, 0.5).solve(vector![0.3_f64, 0.3, 0.4], &mut distance, 2000).unwrap();
/// assert!((state.x() - vector![0.6, 0.4, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DualAveraging<T, X> {
    /// Φ.
    pub map: X,
    /// t. Positive. After a point where f is not finite the solve begins again at the best point with half the rate.
    pub rate: T,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap ≤ gap_tolerance · max(1, min(|f|, |f₀|))`, the gap of the mirror map, f₀ at the start. Zero or more;
    /// default √ε.
    pub gap_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real, X: MirrorMap<T>> DualAveraging<T, X> {
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

/// Memory of [`DualAveraging`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct DualAveragingState<T: Real, const N: usize> {
    /// x, and the best of them.
    walk: Walk<T, N>,
    /// `∇Φ(x₀) - t Σ g_s`.
    dual: SVector<T, N>,
    /// The mean of all x.
    average: Average<T, N>,
}

impl<T: Real, const N: usize> DualAveragingState<T, N> {
    /// A memory at a starting point; one outside of X is moved there.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x), dual: linalg::zeros(), average: Average::new(x) }
    }

    /// The mean of all points since the start, or since a point where f is not finite.
    #[must_use]
    pub const fn average(&self) -> &SVector<T, N> {
        self.average.mean()
    }
}

impl<T: Real, const N: usize, X: MirrorMap<T>, P: Smooth<T, N>> Method<P, DualAveragingState<T, N>>
    for DualAveraging<T, X>
{
    fn step(&self, state: &mut DualAveragingState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize, X: MirrorMap<T>> Walker<T, N, DualAveragingState<T, N>> for DualAveraging<T, X> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut DualAveragingState<T, N>) -> &mut Walk<T, N> {
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

    fn depart(&self, state: &mut DualAveragingState<T, N>) {
        state.average = Average::new(state.walk.at.x);
        state.dual = state.walk.at.x;
        self.map.to_dual(entries_mut(&mut state.dual));
        self.push(state);
    }

    fn next(&self, state: &DualAveragingState<T, N>) -> SVector<T, N> {
        let mut x = state.dual;
        self.map.to_primal(entries_mut(&mut x));
        x
    }

    fn arrive(&self, state: &mut DualAveragingState<T, N>, point: Point<T, N>) -> Status {
        state.walk.at = point;
        self.push(state);
        Status::Running
    }
}

walked!(DualAveragingState);

impl<T: Real, X> DualAveraging<T, X> {
    /// Adds the gradient where the walk stands to the sum.
    fn push<const N: usize>(&self, state: &mut DualAveragingState<T, N>) {
        state.dual -= state.walk.at.gradient * (self.rate * state.walk.caution);
        state.average.add(&state.walk.at.x);
    }
}
