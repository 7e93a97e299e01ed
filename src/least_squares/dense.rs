//! Memory of a fit whose residuals come all at once.
//!
//! One oracle call a step: residuals and Jacobian at the trial point. The Jacobian is reduced to a triangle as streamed
//! rows are, by orthogonal reflections ([`SquareRoot`]) or to its normal matrix. Memory: MN + M scalars beside those of a
//! streamed fit; for small blocks, and for problems that share work between residuals.

use core::ops::Deref;

use nalgebra::{SMatrix, SVector};

use crate::least_squares::accumulate::{Accumulation, SquareRoot};
use crate::least_squares::fit::{Fit, Strategy};
use crate::linalg::{self, columns, entries, entries_mut};
use crate::problem::{Block, LANES, LeastSquares};
use crate::real::Real;
use crate::step::{Method, Status};

/// Memory of a least-squares method over [`LeastSquares`] with `M` residuals: `K` says how they are accumulated, `A` how
/// many coordinates a point has. What a fit has found is read through [`Fit`].
///
/// ```
/// use nalgebra::{matrix, vector};
/// use thalweg::{Method, least_squares::{DenseState, GaussNewton}, problem::dense_fn};
/// // Two circles around (0, 0) and (3, 0) with radii 2 meet at (1.5, √1.75).
/// let mut problem = dense_fn(|x: &nalgebra::Vector2<f64>, r, j| {
///     *r = vector![x[0] * x[0] + x[1] * x[1] - 4.0, (x[0] - 3.0) * (x[0] - 3.0) + x[1] * x[1] - 4.0];
///     *j = matrix![2.0 * x[0], 2.0 * x[1]; 2.0 * (x[0] - 3.0), 2.0 * x[1]];
/// });
/// let (fit, _): (DenseState<f64, 2, 2>, _) = GaussNewton::default().solve(vector![1.0, 1.0], &mut problem, 20).unwrap();
/// assert!((fit.x() - vector![1.5, 1.75_f64.sqrt()]).amax() < 1e-12);
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct DenseState<T: Real, const M: usize, const N: usize, K = SquareRoot, const A: usize = N> {
    fit: Fit<T, N, K, A>,
    #[cfg_attr(feature = "serde", serde(skip, default = "linalg::zeros"))]
    residuals: SVector<T, M>,
    #[cfg_attr(feature = "serde", serde(skip, default = "linalg::zeros"))]
    jacobian: SMatrix<T, M, N>,
}

impl<T: Real, const M: usize, const N: usize, K, const A: usize> DenseState<T, M, N, K, A> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn from_point(x: SVector<T, A>) -> Self {
        Self { fit: Fit::at(x), residuals: linalg::zeros(), jacobian: linalg::zeros() }
    }
}

impl<T: Real, const M: usize, const N: usize, K, const A: usize> Deref for DenseState<T, M, N, K, A> {
    type Target = Fit<T, N, K, A>;

    fn deref(&self) -> &Self::Target {
        &self.fit
    }
}

/// Folds a Jacobian into a triangle, four rows at a time.
#[inline(always)]
pub(super) fn fold<T: Real, const M: usize, const N: usize, K: Accumulation, const A: usize>(
    fit: &mut Fit<T, N, K, A>,
    residuals: &SVector<T, M>,
    jacobian: &SMatrix<T, M, N>,
) {
    let (r, j) = (entries(residuals), columns(jacobian));
    let mut block = Block::new();
    for i in 0..M {
        let mut row = linalg::zeros::<T, N, 1>();
        for (entry, column) in entries_mut(&mut row).iter_mut().zip(j) {
            *entry = column[i];
        }
        block.push(row, r[i]);
        if block.len() == LANES || i + 1 == M {
            fit.trial_cost += block.cost();
            K::fold(&mut fit.trial, &mut block);
            block.clear();
        }
    }
}

impl<T: Real, const M: usize, const N: usize, K, const A: usize, S, P> Method<P, DenseState<T, M, N, K, A>> for S
where
    K: Accumulation,
    S: Strategy<T, N, A>,
    P: LeastSquares<T, M, N, A>,
{
    fn step(&self, state: &mut DenseState<T, M, N, K, A>, problem: &mut P) -> Result<Status, P::Error> {
        let DenseState { fit, residuals, jacobian } = state;
        if fit.status == Status::Running {
            fit.begin(self, M);
        }
        if fit.status != Status::Running {
            return Ok(fit.status);
        }
        problem.linearize(&fit.candidate, residuals, jacobian)?;
        fold(fit, residuals, jacobian);
        fit.judge(self, M, M);
        Ok(fit.status)
    }
}

impl<T: Real, const M: usize, const N: usize, const A: usize> From<SVector<T, A>>
    for DenseState<T, M, N, SquareRoot, A>
{
    fn from(start: SVector<T, A>) -> Self {
        Self::from_point(start)
    }
}
