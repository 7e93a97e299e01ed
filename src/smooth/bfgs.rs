//! BFGS: a quasi-Newton method with a dense inverse Hessian.
//!
//! Minimizes a smooth `f`. One iteration, with `s = x⁺ - x` and `y = g⁺ - g`:
//!
//! 1. `x⁺ = x - t H g` by a line search that tries `t = 1` first;
//! 2. `H⁺ = (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ`, `ρ = 1/⟨s, y⟩`; before the first update `H = ⟨s, y⟩/‖y‖² I`.
//!
//! A pair without curvature is left out. Reference: Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 6.1, equations 6.17 and
//! 6.20. Memory: a matrix and six vectors; an iteration costs O(N²). Converges superlinearly. Choose [`Lbfgs`](crate::smooth::Lbfgs)
//! where a matrix is too large, [`BoundedLbfgs`](crate::smooth::BoundedLbfgs) where variables have bounds.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns_mut, dot, matrix, multiply, negate};
use crate::line_search::{LineSearch, StrongWolfe};
use crate::problem::Smooth;
use crate::ranges::tolerance;
use crate::real::Real;
use crate::smooth::descent::{Descent, Walk};
use crate::smooth::point::{Point, readable};
use crate::step::{ConfigError, Method, Status};

/// Parameters of BFGS.
///
/// ```
/// use thalweg::{Method, smooth::Bfgs, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut bowl = gradient_fn(|x, g| { *g = vector![x[0] - 1.0, 9.0 * (x[1] + 2.0)]; 0.5 * (x[0] - 1.0) * (x[0] - 1.0) + 4.5 * (x[1] + 2.0) * (x[1] + 2.0) });
/// let (state, status) = Bfgs::default().solve(vector![0.0_f64, 0.0], &mut bowl, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, -2.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Bfgs<T, S = StrongWolfe<T>> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start. Zero or more;
    /// default √ε.
    pub gradient_tolerance: T,
    /// Finds t.
    pub search: S,
}

impl<T: Real> Default for Bfgs<T> {
    fn default() -> Self {
        Self { gradient_tolerance: T::SQRT_EPSILON, search: StrongWolfe::default() }
    }
}

impl<T: Real, S: LineSearch<T>> Bfgs<T, S> {
    /// The same method with another line search.
    pub fn searching<L: LineSearch<T>>(self, search: L) -> Bfgs<T, L> {
        Bfgs { gradient_tolerance: self.gradient_tolerance, search }
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

/// Memory of [`Bfgs`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct BfgsState<T: Real, const N: usize> {
    best: Point<T, N>,
    /// x, d and the search along it.
    walk: Walk<T, N>,
    /// H, zero before the first update.
    inverse: SMatrix<T, N, N>,
}

impl<T: Real, const N: usize> BfgsState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), walk: Walk::new(x), inverse: linalg::zeros() }
    }
}

impl<T: Real, const N: usize, S: LineSearch<T>, P: Smooth<T, N>> Method<P, BfgsState<T, N>> for Bfgs<T, S> {
    fn step(&self, state: &mut BfgsState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        state.walk.step(&mut state.best, &mut state.inverse, self, problem)
    }
}

impl<T: Real, const N: usize, S: LineSearch<T>> Descent<T, SMatrix<T, N, N>, N> for Bfgs<T, S> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn search(&self) -> &impl LineSearch<T> {
        &self.search
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn forget(&self, inverse: &mut SMatrix<T, N, N>) {
        *inverse = linalg::zeros();
    }

    fn is_fresh(&self, inverse: &SMatrix<T, N, N>) -> bool {
        linalg::columns(inverse).iter().flatten().all(|&h| h == T::ZERO)
    }

    fn learn(&self, inverse: &mut SMatrix<T, N, N>, from: &Point<T, N>, to: &Point<T, N>, _: &SVector<T, N>) {
        let (s, y) = (to.x - from.x, to.gradient - from.gradient);
        let (bend, square) = (dot(&s, &y), dot(&y, &y));
        if !(bend > T::EPSILON * linalg::norm(&s) * linalg::norm(&y) && square.is_finite()) {
            return;
        }
        if Descent::<T, _, N>::is_fresh(self, inverse) {
            *inverse = matrix(|i, j| if i == j { bend / square } else { T::ZERO });
        }
        let mut hy = linalg::zeros();
        multiply(inverse, &y, &mut hy);
        let share = T::ONE + dot(&y, &hy) / bend;
        for (column, (&s_j, &hy_j)) in columns_mut(inverse).iter_mut().zip(s.iter().zip(hy.iter())) {
            for (h, (&s, &hy)) in column.iter_mut().zip(s.iter().zip(hy.iter())) {
                *h += (share * (s * s_j) - (hy * s_j + s * hy_j)) / bend;
            }
        }
    }

    fn direction(&self, inverse: &SMatrix<T, N, N>, at: &Point<T, N>) -> SVector<T, N> {
        let (mut product, mut direction) = (at.gradient, linalg::zeros());
        if !Descent::<T, _, N>::is_fresh(self, inverse) {
            multiply(inverse, &at.gradient, &mut product);
        }
        negate(&product, &mut direction);
        direction
    }

    fn natural_rate(&self) -> Option<T> {
        Some(T::ONE)
    }
}

readable!(BfgsState);
