//! The data of a quadratic program, and how well a point and its multipliers solve it.

use nalgebra::{SMatrix, SVector};

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
/// assert_eq!(*state.x(), vector![1.0, 1.0]);
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

/// How far a point and its multipliers are from the optimality conditions, recomputed from the data. All four are relative:
/// divided by one plus the largest magnitude among the terms of their sums.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KktResidual<T> {
    /// `½ xᵀ H x + fᵀ x`, itself not scaled.
    pub objective: T,
    /// The largest violation of a limit.
    pub primal: T,
    /// The largest component of `H x + f + z + Aᵀ y`.
    pub dual: T,
    /// The largest product of a multiplier and the distance to the limit that its sign names; infinite at a limit that is
    /// infinite.
    pub complementarity: T,
}

impl<T: Real> KktResidual<T> {
    /// The largest of the three residuals; NaN if one is.
    pub fn worst(&self) -> T {
        [self.primal, self.dual, self.complementarity]
            .into_iter()
            .fold(T::ZERO, |m, residual| if residual <= m { m } else { residual })
    }
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

        let mut limits = Limits::new();
        for j in 0..N {
            limits.add(entries(x)[j], entries(&self.lower)[j], entries(&self.upper)[j], entries(z)[j]);
        }
        for i in 0..M {
            limits.add(entries(&values)[i], entries(&self.row_lower)[i], entries(&self.row_upper)[i], entries(y)[i]);
        }
        KktResidual {
            objective,
            primal: limits.violation / (T::ONE + limits.size),
            dual: dual / (T::ONE + dual_size),
            complementarity: limits.product / (T::ONE + objective.abs().max(limits.product_size)),
        }
    }
}

/// Violations and products over all constraints.
struct Limits<T> {
    violation: T,
    size: T,
    product: T,
    product_size: T,
}

impl<T: Real> Limits<T> {
    const fn new() -> Self {
        Self { violation: T::ZERO, size: T::ZERO, product: T::ZERO, product_size: T::ZERO }
    }

    fn add(&mut self, value: T, lower: T, upper: T, multiplier: T) {
        self.violation = worse(self.violation, (lower - value).max(value - upper));
        self.size = self.size.max(value.abs());
        if multiplier != T::ZERO {
            let limit = if multiplier > T::ZERO { upper } else { lower };
            self.product = worse(self.product, (multiplier * (limit - value)).abs());
            self.product_size = self.product_size.max((multiplier * value).abs());
        }
    }
}

/// The larger, or NaN.
fn worse<T: Real>(largest: T, new: T) -> T {
    if new <= largest { largest } else { new }
}
