//! The data of a quadratic program, and how well a point and its multipliers solve it.

use nalgebra::{SMatrix, SVector};

use crate::constrained::kkt::{KktResidual, Tally, worse};
use crate::linalg::{self, columns, entries, entries_mut};
use crate::real::Real;

/// `minimize ½ xᵀ H x + fᵀ x  subject to  l ≤ x ≤ u,  l_A ≤ A x ≤ u_A` with N variables and M general constraints.
///
/// Limits may be infinite; equal limits are an equation. `H` is positive semidefinite; zero makes a linear program.
///
/// ```
/// use thalweg::constrained::{DualActiveSet, DualActiveSetState, QuadraticProgram};
/// use nalgebra::{matrix, vector};
/// let mut program = QuadraticProgram::<f64, 2, 0>::new(matrix![2.0, 0.5; 0.5, 1.0], vector![-4.0, -3.0]);
/// (program.lower, program.upper) = (vector![0.0, 0.0], vector![1.0, 1.0]);
/// let mut state = DualActiveSetState::new(vector![0.0, 0.0]);
/// let _ = thalweg::Method::run(&DualActiveSet::default(), &mut state, &mut program.factor(0.0).unwrap(), 20);
/// assert!((state.x() - vector![1.0, 1.0]).amax() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct QuadraticProgram<T: Real, const N: usize, const M: usize> {
    /// H. Only the lower triangle is read.
    pub hessian: SMatrix<T, N, N>,
    /// f.
    pub gradient: SVector<T, N>,
    /// l: below `upper`, not NaN, minus infinity for none.
    pub lower: SVector<T, N>,
    /// u.
    pub upper: SVector<T, N>,
    /// A.
    pub rows: SMatrix<T, M, N>,
    /// The lower limits of `A x`.
    pub row_lower: SVector<T, M>,
    /// The upper limits of `A x`.
    pub row_upper: SVector<T, M>,
}

impl<T: Real, const N: usize, const M: usize> QuadraticProgram<T, N, M> {
    /// Without constraints, which are then set in the fields.
    #[must_use]
    pub fn new(hessian: SMatrix<T, N, N>, gradient: SVector<T, N>) -> Self {
        Self {
            hessian,
            gradient,
            lower: SVector::from_element(-T::INFINITY),
            upper: SVector::from_element(T::INFINITY),
            rows: linalg::zeros(),
            row_lower: SVector::from_element(-T::INFINITY),
            row_upper: SVector::from_element(T::INFINITY),
        }
    }

    /// A linear program, `H = 0`, for a [proximity](Self::factor) above zero.
    #[must_use]
    pub fn linear(cost: SVector<T, N>) -> Self {
        Self::new(linalg::zeros(), cost)
    }

    /// `½ xᵀ H x + fᵀ x`.
    pub fn objective(&self, x: &SVector<T, N>) -> T {
        let curved = linalg::dot(x, &linalg::multiply_symmetric(&self.hessian, x));
        T::HALF * curved + linalg::dot(&self.gradient, x)
    }

    /// `A x`.
    pub fn row_values(&self, x: &SVector<T, N>) -> SVector<T, M> {
        let mut values = linalg::zeros();
        for (column, &x) in columns(&self.rows).iter().zip(entries(x)) {
            for (value, &a) in entries_mut(&mut values).iter_mut().zip(column) {
                *value += a * x;
            }
        }
        values
    }

    /// The optimality conditions at a point with the multipliers z of its bounds and y of the general constraints: zero or
    /// more at an upper limit, zero or less at a lower one.
    pub fn certify(&self, x: &SVector<T, N>, z: &SVector<T, N>, y: &SVector<T, M>) -> KktResidual<T> {
        let curved = linalg::multiply_symmetric(&self.hessian, x);
        let values = self.row_values(x);
        let objective = T::HALF * linalg::dot(x, &curved) + linalg::dot(&self.gradient, x);

        let (mut dual, mut dual_size) = (T::ZERO, T::ZERO);
        for (j, a) in columns(&self.rows).iter().enumerate() {
            let terms = [entries(&curved)[j], entries(&self.gradient)[j], entries(z)[j]];
            let rest = a.iter().zip(entries(y)).fold(T::ZERO, |sum, (&a, &y)| sum + a * y);
            dual_size = terms.iter().fold(dual_size, |m, term| m.max(term.abs())).max(rest.abs());
            dual = worse(dual, (terms[0] + terms[1] + terms[2] + rest).abs());
        }

        let mut limits = Tally::new();
        for j in 0..N {
            limits.add(entries(x)[j], entries(&self.lower)[j], entries(&self.upper)[j], entries(z)[j]);
        }
        for i in 0..M {
            limits.add(entries(&values)[i], entries(&self.row_lower)[i], entries(&self.row_upper)[i], entries(y)[i]);
        }
        limits.residual(objective, dual / (T::ONE + dual_size), objective.abs())
    }
}
