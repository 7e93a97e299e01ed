//! The data of a convex quadratic program over a product of cones, and how well a point and its multipliers solve it.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};

use crate::constrained::kkt::worse;
use crate::constrained::scaling::{add_identity, margin, split};
use crate::constrained::{KktResidual, QuadraticProgram};
use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::Problem;
use crate::real::Real;

/// `minimize ½ xᵀ H x + cᵀ x  subject to  G x + s = h,  A x = b,  s in a product of cones`.
///
/// N variables, M rows of G, E equations. The first M - C K entries of s are zero or more: there, `G x ≤ h`. The last C K
/// are C second-order cones of K entries each, the last entry of each above the norm of the others, as in
/// [`SecondOrderCone`](crate::penalty::SecondOrderCone). A smaller cone is filled up with rows `0 x + s = 0` in front. `H`
/// is positive semidefinite; zero makes a linear or second-order cone program. The multipliers are y of the equations and
/// z, in the same cone as s, of the rows: `H x + c + Aᵀ y + Gᵀ z = 0`.
///
/// ```
/// use thalweg::{Method, constrained::{ConeProgram, InteriorPoint, InteriorPointState}};
/// use nalgebra::{Matrix3, vector};
/// // The point of the cone ‖(x₀, x₁)‖ ≤ x₂ nearest to (3, 4, 1).
/// let mut program: ConeProgram<f64, 3, 3, 0, 1, 3> = ConeProgram::new(Matrix3::identity(), vector![-3.0, -4.0, -1.0]);
/// (program.rows, program.limits) = (-Matrix3::identity(), vector![0.0, 0.0, 0.0]);
/// let mut state = InteriorPointState::new(vector![0.0, 0.0, 0.0]);
/// let _ = InteriorPoint::default().run(&mut state, &mut program, 50);
/// assert!((state.x() - vector![1.8, 2.4, 3.0]).amax() < 1e-8);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct ConeProgram<
    T: Real,
    const N: usize,
    const M: usize,
    const E: usize = 0,
    const C: usize = 0,
    const K: usize = 1,
> {
    /// H. Only the lower triangle is read.
    pub hessian: SMatrix<T, N, N>,
    /// c.
    pub gradient: SVector<T, N>,
    /// G.
    pub rows: SMatrix<T, M, N>,
    /// h, finite.
    pub limits: SVector<T, M>,
    /// A.
    pub equations: SMatrix<T, E, N>,
    /// b.
    pub targets: SVector<T, E>,
}

impl<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>
    ConeProgram<T, N, M, E, C, K>
{
    /// With rows that every point satisfies, `0 x + s = e` and `0 x = 0`; the constraints are then set in the fields.
    #[must_use]
    pub fn new(hessian: SMatrix<T, N, N>, gradient: SVector<T, N>) -> Self {
        let mut limits = linalg::zeros();
        add_identity::<T, M, C, K>(entries_mut(&mut limits), T::ONE);
        Self { hessian, gradient, rows: linalg::zeros(), limits, equations: linalg::zeros(), targets: linalg::zeros() }
    }

    /// `½ xᵀ H x + cᵀ x`.
    pub fn objective(&self, x: &SVector<T, N>) -> T {
        let curved = linalg::dot(x, &linalg::multiply_symmetric(&self.hessian, x));
        T::HALF * curved + linalg::dot(&self.gradient, x)
    }

    /// `h - G x`, which lies in the cones at a feasible point.
    pub fn slack(&self, x: &SVector<T, N>) -> SVector<T, M> {
        let mut values = linalg::zeros();
        linalg::multiply(&self.rows, x, &mut values);
        self.limits - values
    }

    /// The optimality conditions at a point with the multipliers y of the equations and z of the rows.
    ///
    /// `primal` is the largest of `|A x - b|` and of how far `h - G x` is outside of its cones, `dual` of
    /// `|H x + c + Aᵀ y + Gᵀ z|` and of how far z is outside, `complementarity` the gap `|zᵀ(h - G x)|`. When all vanish, no
    /// feasible point has a smaller objective.
    pub fn certify(&self, x: &SVector<T, N>, y: &SVector<T, E>, z: &SVector<T, M>) -> KktResidual<T> {
        let curved = linalg::multiply_symmetric(&self.hessian, x);
        let objective = T::HALF * linalg::dot(x, &curved) + linalg::dot(&self.gradient, x);

        let (mut from_equations, mut from_rows) = (linalg::zeros(), linalg::zeros());
        linalg::multiply_adjoint(&self.equations, y, &mut from_equations);
        linalg::multiply_adjoint(&self.rows, z, &mut from_rows);
        let (mut dual, mut dual_size) = (T::ZERO, T::ZERO);
        for j in 0..N {
            let constant = entries(&self.gradient)[j];
            let terms = [entries(&curved)[j], constant, entries(&from_equations)[j], entries(&from_rows)[j]];
            dual_size = terms.iter().fold(dual_size, |size, term| size.max(term.abs()));
            dual = worse(dual, (terms[0] + terms[1] + terms[2] + terms[3]).abs());
        }

        let (mut values, mut equated) = (linalg::zeros(), linalg::zeros());
        linalg::multiply(&self.rows, x, &mut values);
        linalg::multiply(&self.equations, x, &mut equated);
        let slack = self.limits - values;
        let violation = worse(linalg::max_abs(&(equated - self.targets)), outside::<T, M, C, K>(&slack));
        let primal_size = [linalg::max_abs(&values), linalg::max_abs(&equated)].into_iter().fold(T::ZERO, T::max);

        let products = entries(z).iter().zip(entries(&values));
        let gap_size = products.fold(objective.abs(), |size, (&z, &value)| size.max((z * value).abs()));
        let beyond = outside::<T, M, C, K>(z) / (T::ONE + linalg::max_abs(z));
        KktResidual {
            objective,
            primal: violation / (T::ONE + primal_size),
            dual: worse(dual / (T::ONE + dual_size), beyond),
            complementarity: linalg::dot(z, &slack).abs() / (T::ONE + gap_size),
        }
    }

    /// Whether all numbers are finite.
    pub(super) fn is_finite(&self) -> bool {
        linalg::all_finite(&self.gradient)
            && linalg::all_finite(&self.limits)
            && linalg::all_finite(&self.targets)
            && self.rows.iter().chain(self.equations.iter()).all(|entry| entry.is_finite())
            && columns(&self.hessian)
                .iter()
                .enumerate()
                .all(|(j, column)| column.iter().skip(j).all(|entry| entry.is_finite()))
    }
}

/// The largest distance by which an entry is below zero, or the norm in a cone above its last entry.
fn outside<T: Real, const M: usize, const C: usize, const K: usize>(v: &SVector<T, M>) -> T {
    let (linear, cones) = split::<T, M, C, K>(entries(v));
    let worst = linear.iter().fold(T::ZERO, |worst, &entry| worse(worst, -entry));
    cones.iter().fold(worst, |worst, cone| worse(worst, -margin(cone)))
}

impl<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize> Problem
    for ConeProgram<T, N, M, E, C, K>
{
    type Error = Infallible;
}

/// Two rows for every constraint of the quadratic program, `0 x + s = 1` for a limit that is infinite. Equal limits become
/// equations as long as E of them last, those of the variables first, then pairs of rows: such a pair has no interior, and
/// the method is less sure of its way.
impl<T: Real, const N: usize, const Q: usize, const M: usize, const E: usize> From<&QuadraticProgram<T, N, Q>>
    for ConeProgram<T, N, M, E>
{
    fn from(quadratic: &QuadraticProgram<T, N, Q>) -> Self {
        const { assert!(M >= 2 * (N + Q), "two rows for every variable and every general constraint") };
        let mut program = Self::new(quadratic.hessian, quadratic.gradient);
        let mut equations = 0;
        let mut add = |constraint: usize, normal: [T; N], lower: T, upper: T| {
            if lower == upper && equations < E {
                set_row(&mut program.equations, &mut program.targets, equations, &normal, lower);
                equations += 1;
                return;
            }
            if upper != T::INFINITY {
                set_row(&mut program.rows, &mut program.limits, 2 * constraint, &normal, upper);
            }
            if lower != -T::INFINITY {
                set_row(&mut program.rows, &mut program.limits, 2 * constraint + 1, &normal.map(|a| -a), -lower);
            }
        };
        for j in 0..N {
            let normal = core::array::from_fn(|k| if k == j { T::ONE } else { T::ZERO });
            add(j, normal, entries(&quadratic.lower)[j], entries(&quadratic.upper)[j]);
        }
        for i in 0..Q {
            let mut normal = [T::ZERO; N];
            for (entry, column) in normal.iter_mut().zip(columns(&quadratic.rows)) {
                *entry = column[i];
            }
            add(N + i, normal, entries(&quadratic.row_lower)[i], entries(&quadratic.row_upper)[i]);
        }
        program
    }
}

/// Writes a row of a matrix, and its limit.
fn set_row<T: Real, const R: usize, const N: usize>(
    rows: &mut SMatrix<T, R, N>,
    limits: &mut SVector<T, R>,
    i: usize,
    normal: &[T; N],
    limit: T,
) {
    for (column, &normal) in columns_mut(rows).iter_mut().zip(normal) {
        if let Some(entry) = column.get_mut(i) {
            *entry = normal;
        }
    }
    if let Some(entry) = entries_mut(limits).get_mut(i) {
        *entry = limit;
    }
}
