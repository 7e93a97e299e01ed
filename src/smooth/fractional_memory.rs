//! Gradient descent with a power-law memory of its past points.
//!
//! Minimizes a smooth `f`. One iteration, with the order α, the rate t and the last P points:
//!
//! `x⁺ = Σ ĉ_j x_{k+1-j} - t ∇f(x_k)`, `c₁ = α`, `c_j = c_{j-1} (j - 1 - α)/j`, `ĉ = c/Σ c`,
//!
//! the weights of a fractional difference of order α in time. With `α = 1` it is gradient descent; above, the past pushes on as a
//! momentum with a long memory; below, it is averaged. Without `ĉ = c/Σ c` no minimizer would be a fixed point.
//!
//! A reconstruction: the idea is that of Chatterjee, Das & Pequito, "NEO: neuro-inspired optimization, a fractional time series
//! approach", 2021; the recursion above, with weights that sum to one and the safeguard, is this crate's and not the published
//! one. Memory: two points and P vectors. One gradient an iteration. Choose [`Nesterov`](crate::smooth::Nesterov) or
//! [`HeavyBall`](crate::smooth::HeavyBall), whose rates are proved, unless this one is the object of study.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Parameters of gradient descent with a fractional memory.
///
/// ```
/// use thalweg::{Method, smooth::{FractionalMemory, FractionalMemoryState}, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut bowl = Quadratic { hessian: matrix![1.0, 0.0; 0.0, 100.0], linear: vector![-1.0, 0.0], constant: 0.5 };
/// let mut state: FractionalMemoryState<f64, 2> = vector![0.0, 1.0].into();
/// let status = FractionalMemory::new(0.01).run(&mut state, &mut bowl, 2000).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FractionalMemory<T> {
    /// t. Positive. After a point where f is not finite the solve goes on from the best point with half the rate.
    pub rate: T,
    /// α. Strictly between 0 and 2; default 1.5.
    pub order: T,
    /// Whether the past is forgotten, and α brought halfway to 1, where f has risen twice in a row. Default yes.
    pub safeguard: bool,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> FractionalMemory<T> {
    /// The default parameters with a rate.
    pub fn new(rate: T) -> Self {
        let order = T::of_f64(1.5);
        Self { rate, order, safeguard: true, gradient_tolerance: T::SQRT_EPSILON, patience: PATIENCE }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.rate)?;
        if self.order > T::ZERO && self.order < T::TWO { Ok(()) } else { Err(ConfigError::Relaxation) }
    }
}

/// Memory of [`FractionalMemory`] with P points.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct FractionalMemoryState<T: Real, const N: usize, const P: usize = 20> {
    /// x, and the best of them.
    walk: Walk<T, N>,
    /// The last points, the newest first.
    past: SMatrix<T, N, P>,
    /// What the safeguard has left of `α - 1`.
    eagerness: T,
    /// Rises of f in a row.
    rises: u32,
}

impl<T: Real, const N: usize, const P: usize> FractionalMemoryState<T, N, P> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        const { assert!(P > 0, "there is no past without a point") };
        Self { walk: Walk::new(x), past: linalg::zeros(), eagerness: T::ONE, rises: 0 }
    }

    /// Forgets all points but the last.
    fn forget(&mut self) {
        for column in columns_mut(&mut self.past) {
            *column = *entries(&self.walk.at.x);
        }
        self.rises = 0;
    }
}

impl<T: Real, const N: usize, const Q: usize, P: Smooth<T, N>> Method<P, FractionalMemoryState<T, N, Q>>
    for FractionalMemory<T>
{
    fn step(&self, state: &mut FractionalMemoryState<T, N, Q>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize, const Q: usize> Walker<T, N, FractionalMemoryState<T, N, Q>> for FractionalMemory<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut FractionalMemoryState<T, N, Q>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn depart(&self, state: &mut FractionalMemoryState<T, N, Q>) {
        state.forget();
    }

    fn next(&self, state: &FractionalMemoryState<T, N, Q>) -> SVector<T, N> {
        let order = T::ONE + (self.order - T::ONE) * state.eagerness;
        let (mut weight, mut sum, mut x) = (order, T::ZERO, linalg::zeros());
        for (j, past) in columns(&state.past).iter().enumerate() {
            for (x, &past) in entries_mut(&mut x).iter_mut().zip(past) {
                *x += weight * past;
            }
            sum += weight;
            let j = T::of_usize(j) + T::ONE;
            weight *= (j - order) / (j + T::ONE);
        }
        let Walk { at, caution, .. } = &state.walk;
        x / sum - at.gradient * (self.rate * *caution)
    }

    fn arrive(&self, state: &mut FractionalMemoryState<T, N, Q>, point: Point<T, N>) -> Status {
        state.rises = if point.value > state.walk.at.value { state.rises.saturating_add(1) } else { 0 };
        state.walk.at = point;
        if self.safeguard && state.rises > 1 {
            state.eagerness *= T::HALF;
            state.forget();
        } else {
            let mut newest = *entries(&point.x);
            for column in columns_mut(&mut state.past) {
                core::mem::swap(column, &mut newest);
            }
        }
        Status::Running
    }
}

walked!(FractionalMemoryState, Q);
