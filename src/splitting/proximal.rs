//! Functions known by their proximal operators, as oracles.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns_mut, entries_mut};
use crate::penalty::Penalty;
use crate::problem::Problem;
use crate::real::Real;
use crate::step::ConfigError;

/// A function `f` that answers with its proximal operator.
pub trait Proximal<T: Real, const N: usize>: Problem {
    /// Overwrites x with the minimizer over z of `½‖z - x‖² + rate · f(z)`.
    ///
    /// # Errors
    /// Whatever keeps the oracle from answering; x may then hold anything.
    fn prox(&mut self, x: &mut SVector<T, N>, rate: T) -> Result<(), Self::Error>;
}

/// A [`Penalty`] as an oracle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simple<R>(pub R);

impl<R> Problem for Simple<R> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, R: Penalty<T>> Proximal<T, N> for Simple<R> {
    fn prox(&mut self, x: &mut SVector<T, N>, rate: T) -> Result<(), Infallible> {
        self.0.prox(entries_mut(x), rate);
        Ok(())
    }
}

/// `f(x) = ½xᵀHx + cᵀx` with H positive semidefinite: `prox = (I + rate H)⁻¹(x - rate c)`. The Cholesky factor is kept as
/// long as the rate stays.
#[derive(Clone, Debug, PartialEq)]
pub struct ProximalQuadratic<T: Real, const N: usize> {
    hessian: SMatrix<T, N, N>,
    linear: SVector<T, N>,
    /// The factor of `I + rate H` in the lower triangle.
    factor: SMatrix<T, N, N>,
    /// NaN before the first factor.
    rate: T,
}

impl<T: Real, const N: usize> ProximalQuadratic<T, N> {
    /// From H, of which the lower triangle is read, and c.
    ///
    /// # Errors
    /// [`ConfigError::Indefinite`] if H is not positive semidefinite, or a number is not finite.
    pub fn new(hessian: SMatrix<T, N, N>, linear: SVector<T, N>) -> Result<Self, ConfigError> {
        if linalg::semidefinite_root(&hessian).is_none() || !linalg::all_finite(&linear) {
            return Err(ConfigError::Indefinite);
        }
        Ok(Self { hessian, linear, factor: linalg::zeros(), rate: T::NAN })
    }
}

impl<T: Real, const N: usize> Problem for ProximalQuadratic<T, N> {
    type Error = Infallible;
}

impl<T: Real, const N: usize> Proximal<T, N> for ProximalQuadratic<T, N> {
    fn prox(&mut self, x: &mut SVector<T, N>, rate: T) -> Result<(), Infallible> {
        if rate != self.rate {
            self.factor = self.hessian * rate;
            let columns = columns_mut(&mut self.factor);
            for j in 0..N {
                columns[j][j] += T::ONE;
            }
            linalg::cholesky(&mut self.factor, T::ZERO);
            self.rate = rate;
        }
        *x -= self.linear * rate;
        linalg::solve_lower(&self.factor, x);
        linalg::solve_transposed(&self.factor, x);
        Ok(())
    }
}
