//! Linear maps as oracles.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};

use crate::linalg;
use crate::problem::Problem;
use crate::real::{Number, Real};

/// A linear map `K` from N to M numbers.
pub trait Operator<T: Real, const N: usize, const M: usize>: Problem {
    /// Writes `Kx` to `image`.
    ///
    /// # Errors
    /// Whatever keeps the oracle from answering; `image` may then hold anything.
    fn apply(&mut self, x: &SVector<T, N>, image: &mut SVector<T, M>) -> Result<(), Self::Error>;

    /// Writes `Kᵀy` to `image`.
    ///
    /// # Errors
    /// As for [`apply`](Self::apply).
    fn adjoint(&mut self, y: &SVector<T, M>, image: &mut SVector<T, N>) -> Result<(), Self::Error>;

    /// An estimate of the spectral norm `‖K‖` by power iteration on `KᵀK`, from below. Two products a sweep.
    ///
    /// # Errors
    /// As for [`apply`](Self::apply).
    fn norm(&mut self, sweeps: u32) -> Result<T, Self::Error> {
        // Uneven, lest it be orthogonal to the leading singular vector of a map with symmetries.
        let mut x = linalg::vector(|j| Number::sin(T::of_usize(j + 1)));
        let mut image = linalg::zeros();
        let mut norm = T::ZERO;
        for _ in 0..sweeps {
            let length = linalg::norm(&x);
            if !(length > T::ZERO) {
                break;
            }
            x /= length;
            self.apply(&x, &mut image)?;
            norm = linalg::norm(&image);
            self.adjoint(&image, &mut x)?;
        }
        Ok(norm)
    }
}

/// A dense matrix as a linear map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matrix<T: Real, const N: usize, const M: usize>(pub SMatrix<T, M, N>);

impl<T: Real, const N: usize, const M: usize> Problem for Matrix<T, N, M> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, const M: usize> Operator<T, N, M> for Matrix<T, N, M> {
    fn apply(&mut self, x: &SVector<T, N>, image: &mut SVector<T, M>) -> Result<(), Infallible> {
        linalg::multiply(&self.0, x, image);
        Ok(())
    }

    fn adjoint(&mut self, y: &SVector<T, M>, image: &mut SVector<T, N>) -> Result<(), Infallible> {
        linalg::multiply_adjoint(&self.0, y, image);
        Ok(())
    }
}
