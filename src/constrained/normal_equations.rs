//! The linear system of an interior point step, reduced to the variables.
//!
//! With `Y = W⁻¹ G` and the scaled multipliers `W z`:
//!
//! ```text
//! H Δx + Aᵀ Δy + Yᵀ Δz = p,   A Δx = q,   Y Δx - Δz = r
//! ```
//!
//! is solved by the Cholesky factors of `H + Yᵀ Y + ρ Aᵀ A`, which is regular where H and G leave a direction to the
//! equations, and of the Schur complement of the equations; both a little regularized, which a step of iterative
//! refinement takes back.

use nalgebra::{SMatrix, SVector};

use crate::constrained::ConeProgram;
use crate::constrained::scaling::Scaling;
use crate::linalg::{self, columns, columns_mut, dot_of, entries, entries_mut};
use crate::real::Real;

const REFINEMENTS: usize = 1;
/// Factorizations tried, each with a hundred times the regularization of the one before.
const ATTEMPTS: usize = 4;

pub(super) struct NormalEquations<T: Real, const N: usize, const M: usize, const E: usize> {
    /// Y.
    rows: SMatrix<T, M, N>,
    /// ρ.
    weight: T,
    /// L of `L Lᵀ = H + Yᵀ Y + ρ Aᵀ A`.
    root: SMatrix<T, N, N>,
    /// `L⁻¹ Aᵀ`.
    spread: SMatrix<T, N, E>,
    /// The Cholesky factor of `A (L Lᵀ)⁻¹ Aᵀ`.
    schur: SMatrix<T, E, E>,
}

/// What a solve of the system yields, or its right-hand side.
#[derive(Clone, Copy)]
pub(super) struct Triple<T: Real, const N: usize, const M: usize, const E: usize> {
    pub(super) x: SVector<T, N>,
    pub(super) y: SVector<T, E>,
    pub(super) z: SVector<T, M>,
}

impl<T: Real, const N: usize, const M: usize, const E: usize> NormalEquations<T, N, M, E> {
    /// `None` if the factorization fails.
    pub(super) fn new<const C: usize, const K: usize>(
        program: &ConeProgram<T, N, M, E, C, K>,
        scaling: &Scaling<T, M, C, K>,
    ) -> Option<Self> {
        let mut rows = program.rows;
        for column in columns_mut(&mut rows) {
            scaling.shrink(column);
        }
        let mut normal = linalg::zeros::<T, N, N>();
        let (y, a, h) = (columns(&rows), columns(&program.equations), columns(&program.hessian));
        let (mut curvature, mut equated) = (T::ZERO, T::ZERO);
        for j in 0..N {
            for i in j..N {
                columns_mut(&mut normal)[j][i] = h[j][i] + dot_of(&y[j], &y[i]);
            }
            curvature = curvature.max(columns(&normal)[j][j]);
            equated = equated.max(dot_of(&a[j], &a[j]));
        }
        let weight = if curvature > T::ZERO && equated > T::ZERO { curvature / equated } else { T::ONE };
        for j in 0..N {
            for i in j..N {
                columns_mut(&mut normal)[j][i] += weight * dot_of(&a[j], &a[i]);
            }
        }
        let root = regularized(normal)?;

        let mut spread = linalg::zeros::<T, N, E>();
        for i in 0..E {
            let mut row = linalg::zeros();
            for (entry, column) in entries_mut(&mut row).iter_mut().zip(a) {
                *entry = column[i];
            }
            linalg::solve_lower(&root, &mut row);
            columns_mut(&mut spread)[i] = *entries(&row);
        }
        let spreads = columns(&spread);
        let mut schur = linalg::zeros::<T, E, E>();
        for j in 0..E {
            for i in j..E {
                columns_mut(&mut schur)[j][i] = dot_of(&spreads[i], &spreads[j]);
            }
        }
        let schur = regularized(schur)?;
        Some(Self { rows, weight, root, spread, schur })
    }

    /// The solution for a right-hand side.
    pub(super) fn solve<const C: usize, const K: usize>(
        &self,
        program: &ConeProgram<T, N, M, E, C, K>,
        right: &Triple<T, N, M, E>,
    ) -> Triple<T, N, M, E> {
        let mut found = Triple { x: linalg::zeros(), y: linalg::zeros(), z: linalg::zeros() };
        let mut rest = *right;
        for _ in 0..=REFINEMENTS {
            let (mut from_rows, mut from_equations) = (linalg::zeros(), linalg::zeros());
            linalg::multiply_adjoint(&self.rows, &rest.z, &mut from_rows);
            linalg::multiply_adjoint(&program.equations, &rest.y, &mut from_equations);
            let mut x = rest.x + from_rows + from_equations * self.weight;
            linalg::solve_lower(&self.root, &mut x);
            let mut y = linalg::zeros();
            linalg::multiply_adjoint(&self.spread, &x, &mut y);
            y -= rest.y;
            linalg::solve_lower(&self.schur, &mut y);
            linalg::solve_transposed(&self.schur, &mut y);
            let mut spread = linalg::zeros();
            linalg::multiply(&self.spread, &y, &mut spread);
            x -= spread;
            linalg::solve_transposed(&self.root, &mut x);
            let mut z = linalg::zeros();
            linalg::multiply(&self.rows, &x, &mut z);
            z -= rest.z;

            found.x += x;
            found.y += y;
            found.z += z;
            rest = self.rest(program, right, &found);
        }
        found
    }

    /// The right-hand side less what the solution yields.
    fn rest<const C: usize, const K: usize>(
        &self,
        program: &ConeProgram<T, N, M, E, C, K>,
        right: &Triple<T, N, M, E>,
        found: &Triple<T, N, M, E>,
    ) -> Triple<T, N, M, E> {
        let (mut from_rows, mut from_equations) = (linalg::zeros(), linalg::zeros());
        linalg::multiply_adjoint(&self.rows, &found.z, &mut from_rows);
        linalg::multiply_adjoint(&program.equations, &found.y, &mut from_equations);
        let curved = linalg::multiply_symmetric(&program.hessian, &found.x);
        let (mut equated, mut values) = (linalg::zeros(), linalg::zeros());
        linalg::multiply(&program.equations, &found.x, &mut equated);
        linalg::multiply(&self.rows, &found.x, &mut values);
        Triple { x: right.x - curved - from_equations - from_rows, y: right.y - equated, z: right.z - values + found.z }
    }
}

/// The Cholesky factor of a semidefinite matrix with a little more on its diagonal.
fn regularized<T: Real, const N: usize>(mut matrix: SMatrix<T, N, N>) -> Option<SMatrix<T, N, N>> {
    let mut largest = T::ZERO;
    for j in 0..N {
        largest = largest.max(columns(&matrix)[j][j]);
    }
    let least = if largest > T::ZERO { largest * T::EPSILON } else { T::ONE };
    let mut regularization = T::of_usize(N) * T::EPSILON;
    for _ in 0..ATTEMPTS {
        for j in 0..N {
            let diagonal = &mut columns_mut(&mut matrix)[j][j];
            *diagonal += regularization * diagonal.max(least);
        }
        let mut root = matrix;
        if linalg::cholesky(&mut root, T::ZERO) {
            return Some(root);
        }
        regularization *= T::of_f64(100.0);
    }
    None
}
