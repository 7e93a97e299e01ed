//! Memory of a fit whose residuals come all at once.
//!
//! One oracle call a step: residuals and Jacobian at the trial point. The Jacobian is reduced to a triangle as streamed
//! rows are, by orthogonal reflections ([`SquareRoot`]) or to its normal matrix. Memory: MN + M scalars beside those of a
//! streamed fit; for small blocks, and for problems that share work between residuals.

use nalgebra::{SMatrix, SVector};

use crate::least_squares::accumulate::{Accumulation, SquareRoot, System};
use crate::least_squares::fit::{Fit, Gather};
use crate::least_squares::strategy::Strategy;
use crate::linalg::{self, columns, entries, entries_mut};
use crate::problem::{Block, LANES, LeastSquares};
use crate::real::Real;
use crate::step::{Method, Status};

/// Memory of a least-squares method over [`LeastSquares`] with `M` residuals: `K` says how they are accumulated, `A` how
/// many coordinates a point has. What a fit has found is read through [`Fit`].
///
/// ```
/// use nalgebra::{Matrix2, Vector2, matrix, vector};
/// use thalweg::{Method, least_squares::{DenseState, GaussNewton}, problem::dense_fn};
/// // Two circles around (0, 0) and (3, 0) with radii 2 meet at (1.5, √1.75).
/// let mut problem = dense_fn(|x: &Vector2<f64>, r: &mut Vector2<f64>, j: &mut Matrix2<f64>| {
///     *r = vector![x[0] * x[0] + x[1] * x[1] - 4.0, (x[0] - 3.0) * (x[0] - 3.0) + x[1] * x[1] - 4.0];
///     *j = matrix![2.0 * x[0], 2.0 * x[1]; 2.0 * (x[0] - 3.0), 2.0 * x[1]];
/// });
/// let (fit, _): (DenseState<f64, 2, 2>, _) = GaussNewton::default().solve(vector![1.0, 1.0], &mut problem, 20).unwrap();
/// assert!((fit.x() - vector![1.5, 1.75_f64.sqrt()]).amax() < 1e-12);
/// ```
pub type DenseState<T, const M: usize, const N: usize, K = SquareRoot, const A: usize = N> =
    Fit<T, N, A, K, Dense<T, M, N>>;

/// Residuals and Jacobian at the trial point.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Dense<T: Real, const M: usize, const N: usize> {
    pub(super) residuals: SVector<T, M>,
    pub(super) jacobian: SMatrix<T, M, N>,
}

impl<T: Real, const M: usize, const N: usize> Gather<T> for Dense<T, M, N> {
    const EMPTY: Self = Self { residuals: linalg::zeros(), jacobian: linalg::zeros() };
}

/// Folds a Jacobian into a triangle, four rows at a time; the cost is returned.
#[inline(always)]
pub(super) fn fold<T: Real, const M: usize, const N: usize, K: Accumulation>(
    residuals: &SVector<T, M>,
    jacobian: &SMatrix<T, M, N>,
    into: &mut System<T, N>,
) -> T {
    let (r, j) = (entries(residuals), columns(jacobian));
    let mut block = Block::new();
    let mut cost = T::ZERO;
    for i in 0..M {
        let mut row = linalg::zeros::<T, N, 1>();
        for (entry, column) in entries_mut(&mut row).iter_mut().zip(j) {
            *entry = column[i];
        }
        block.push(row, r[i]);
        if block.len() == LANES || i + 1 == M {
            cost += block.cost();
            K::fold(into, &mut block);
            block.clear();
        }
    }
    cost
}

impl<T: Real, const M: usize, const N: usize, K, const A: usize, S, P> Method<P, DenseState<T, M, N, K, A>> for S
where
    K: Accumulation,
    S: Strategy<T, N, A>,
    P: LeastSquares<T, M, N, A>,
{
    fn step(&self, fit: &mut DenseState<T, M, N, K, A>, problem: &mut P) -> Result<Status, P::Error> {
        if fit.status == Status::Running {
            fit.begin(self, M);
        }
        if fit.status != Status::Running {
            return Ok(fit.status);
        }
        let Dense { residuals, jacobian } = &mut fit.memory;
        problem.linearize(&fit.candidate, residuals, jacobian)?;
        fit.trial_cost = fold::<T, M, N, K>(residuals, jacobian, &mut fit.trial);
        fit.judge(self, M, M);
        Ok(fit.status)
    }
}
