//! Limited-memory BFGS.
//!
//! Minimizes a smooth `f`. One iteration, with the last M pairs `s = x⁺ - x`, `y = g⁺ - g`:
//!
//! 1. `d = -H g` by the two-loop recursion; it starts from `⟨s, y⟩/‖y‖² I` of the newest pair;
//! 2. `x⁺ = x + t d` by a line search that tries `t = 1` first.
//!
//! A pair without curvature is left out. Reference: Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5. Memory: `2M` and
//! six vectors; an iteration costs `4MN`. The method for many variables; choose [`Bfgs`](crate::smooth::Bfgs) where a matrix fits.

use nalgebra::SVector;

use crate::linalg::{Pairs, negate, zeros};
use crate::line_search::{LineSearch, StrongWolfe};
use crate::problem::Smooth;
use crate::ranges::tolerance;
use crate::real::Real;
use crate::smooth::descent::{Descent, Walk};
use crate::smooth::point::{Point, readable};
use crate::step::{ConfigError, Method, Status};

/// Parameters of L-BFGS.
///
/// ```
/// use thalweg::{Method, smooth::{Lbfgs, LbfgsState}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut bowl = gradient_fn(|x, g| { *g = vector![x[0] - 1.0, 9.0 * (x[1] + 2.0)]; 0.5 * (x[0] - 1.0) * (x[0] - 1.0) + 4.5 * (x[1] + 2.0) * (x[1] + 2.0) });
/// let (state, status): (LbfgsState<f64, 2, 5>, _) = Lbfgs::default().solve(vector![0.0, 0.0], &mut bowl, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, -2.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lbfgs<T, S = StrongWolfe<T>> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start. Zero or more;
    /// default √ε.
    pub gradient_tolerance: T,
    /// Finds t.
    pub search: S,
}

impl<T: Real> Default for Lbfgs<T> {
    fn default() -> Self {
        Self { gradient_tolerance: T::SQRT_EPSILON, search: StrongWolfe::default() }
    }
}

impl<T: Real, S: LineSearch<T>> Lbfgs<T, S> {
    /// The same method with another line search.
    pub fn searching<L: LineSearch<T>>(self, search: L) -> Lbfgs<T, L> {
        Lbfgs { gradient_tolerance: self.gradient_tolerance, search }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        self.search.validate()
    }
}

/// Memory of [`Lbfgs`] with M pairs.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct LbfgsState<T: Real, const N: usize, const M: usize> {
    best: Point<T, N>,
    /// x, d and the search along it.
    walk: Walk<T, N>,
    /// The last steps.
    pairs: Pairs<T, N, M>,
}

impl<T: Real, const N: usize, const M: usize> LbfgsState<T, N, M> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), walk: Walk::new(x), pairs: Pairs::new() }
    }
}

impl<T: Real, const N: usize, const M: usize, S: LineSearch<T>, P: Smooth<T, N>> Method<P, LbfgsState<T, N, M>>
    for Lbfgs<T, S>
{
    fn step(&self, state: &mut LbfgsState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
        state.walk.step(&mut state.best, &mut state.pairs, self, problem)
    }
}

impl<T: Real, const N: usize, const M: usize, S: LineSearch<T>> Descent<T, Pairs<T, N, M>, N> for Lbfgs<T, S> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn search(&self) -> &impl LineSearch<T> {
        &self.search
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn forget(&self, pairs: &mut Pairs<T, N, M>) {
        pairs.clear();
    }

    fn is_fresh(&self, pairs: &Pairs<T, N, M>) -> bool {
        pairs.is_empty()
    }

    fn learn(&self, pairs: &mut Pairs<T, N, M>, from: &Point<T, N>, to: &Point<T, N>, _: &SVector<T, N>) {
        pairs.push(to.x - from.x, to.gradient - from.gradient);
    }

    fn direction(&self, pairs: &Pairs<T, N, M>, at: &Point<T, N>) -> SVector<T, N> {
        let mut direction = zeros();
        negate(&pairs.apply(&at.gradient), &mut direction);
        direction
    }

    fn natural_rate(&self) -> Option<T> {
        Some(T::ONE)
    }
}

readable!(LbfgsState, M);
