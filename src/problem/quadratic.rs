//! Second derivatives, and quadratic functions, which are known by them.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::dual::{Dual, Forward, Function};
use crate::problem::{Objective, Problem, Smooth};
use crate::real::Real;

/// A function with its gradient and its Hessian.
pub trait Curved<T: Real, const N: usize>: Smooth<T, N> {
    /// The value at `x`, the gradient written to `g` and the symmetric Hessian to `h`.
    ///
    /// # Errors
    /// As for [`Objective::value`]; `g` and `h` may then hold anything.
    fn hessian(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>, h: &mut SMatrix<T, N, N>)
    -> Result<T, Self::Error>;
}

/// `f(x) = ½ xᵀH x + cᵀx + constant`; least squares of any number of samples, added one at a time.
///
/// ```
/// use thalweg::problem::{Objective, Quadratic};
/// use nalgebra::vector;
/// let mut cost = Quadratic::zero();
/// cost.add_square(&vector![1.0, 0.0], 3.0, 0.5);
/// cost.add_square(&vector![1.0, 2.0], 1.0, 0.5);
/// assert_eq!(cost.value(&vector![1.0, 1.0]), Ok(0.5 * (4.0 + 4.0) / 2.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Quadratic<T: Real, const N: usize> {
    /// H, symmetric.
    pub hessian: SMatrix<T, N, N>,
    /// c, the gradient at zero.
    pub linear: SVector<T, N>,
    /// The value at zero.
    pub constant: T,
}

impl<T: Real, const N: usize> Quadratic<T, N> {
    /// The function that is zero everywhere.
    #[must_use]
    pub const fn zero() -> Self {
        Self { hessian: linalg::zeros(), linear: linalg::zeros(), constant: T::ZERO }
    }

    /// Adds `½ weight (rowᵀx - target)²`; with a weight of 1/n, n such terms are the mean loss of a linear model.
    pub fn add_square(&mut self, row: &SVector<T, N>, target: T, weight: T) {
        for (column, &a) in columns_mut(&mut self.hessian).iter_mut().zip(row.iter()) {
            for (h, &b) in column.iter_mut().zip(row.iter()) {
                *h += weight * (a * b);
            }
        }
        for (c, &a) in self.linear.iter_mut().zip(row.iter()) {
            *c -= weight * (a * target);
        }
        self.constant += T::HALF * weight * target.squared();
    }

    /// An upper bound on the largest eigenvalue of H, hence a Lipschitz constant of the gradient: the largest absolute row
    /// sum (Gershgorin).
    #[must_use]
    pub fn lipschitz(&self) -> T {
        columns(&self.hessian).iter().fold(T::ZERO, |largest, column| {
            let sum = column.iter().fold(T::ZERO, |sum, h| sum + h.abs());
            if sum <= largest { largest } else { sum }
        })
    }
}

impl<T: Real, const N: usize> Problem for Quadratic<T, N> {
    type Error = core::convert::Infallible;
}

impl<T: Real, const N: usize> Objective<T, N> for Quadratic<T, N> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Self::Error> {
        self.gradient(x, &mut linalg::zeros())
    }
}

impl<T: Real, const N: usize> Smooth<T, N> for Quadratic<T, N> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        *g = self.linear;
        for (column, &x) in columns(&self.hessian).iter().zip(x.iter()) {
            for (g, &h) in g.iter_mut().zip(column) {
                *g += h * x;
            }
        }
        Ok(T::HALF * linalg::dot(&(*g + self.linear), x) + self.constant)
    }
}

impl<T: Real, const N: usize> Curved<T, N> for Quadratic<T, N> {
    fn hessian(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        h: &mut SMatrix<T, N, N>,
    ) -> Result<T, Self::Error> {
        *h = self.hessian;
        self.gradient(x, g)
    }
}

impl<T: Real, const N: usize, F: Function<T, N>> Curved<T, N> for Forward<F> {
    fn hessian(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        h: &mut SMatrix<T, N, N>,
    ) -> Result<T, Self::Error> {
        let x = entries(x);
        let point: [Dual<Dual<T, N>, N>; N] = core::array::from_fn(|j| Dual::variable(Dual::variable(x[j], j), j));
        let Dual { value, gradient } = self.0.value(&point);
        *entries_mut(g) = value.gradient;
        for (column, derivative) in columns_mut(h).iter_mut().zip(gradient) {
            *column = derivative.gradient;
        }
        Ok(value.value)
    }
}

impl<T: Real, const N: usize, P: Curved<T, N> + ?Sized> Curved<T, N> for &mut P {
    fn hessian(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        h: &mut SMatrix<T, N, N>,
    ) -> Result<T, Self::Error> {
        (**self).hessian(x, g, h)
    }
}
