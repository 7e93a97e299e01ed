//! Functions known by their minimizers with a quadratic added, as oracles of ADMM.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::Problem;
use crate::real::Real;
use crate::splitting::Proximal;
use crate::step::ConfigError;

/// A function f of N variables beside a linear map `K` to M numbers.
pub trait Augmented<T: Real, const N: usize, const M: usize>: Problem {
    /// Writes to x a minimizer of `f(x) + ½ weight ‖Kx - target‖²`, and `Kx` to `image`.
    ///
    /// # Errors
    /// Whatever keeps the oracle from answering; x and `image` may then hold anything.
    fn minimize(
        &mut self,
        target: &SVector<T, M>,
        weight: T,
        x: &mut SVector<T, N>,
        image: &mut SVector<T, M>,
    ) -> Result<(), Self::Error>;
}

/// A [`Proximal`] function with `K = I`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direct<P>(pub P);

impl<P: Problem> Problem for Direct<P> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Proximal<T, N>> Augmented<T, N, N> for Direct<P> {
    fn minimize(
        &mut self,
        target: &SVector<T, N>,
        weight: T,
        x: &mut SVector<T, N>,
        image: &mut SVector<T, N>,
    ) -> Result<(), P::Error> {
        *x = *target;
        self.0.prox(x, T::ONE / weight)?;
        *image = *x;
        Ok(())
    }
}

/// `f(x) = ½xᵀHx + cᵀx` beside a matrix K: `x = (H + weight KᵀK)⁻¹(weight Kᵀ target - c)`. The Cholesky factor is kept as
/// long as the weight stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Coupled<T: Real, const N: usize, const M: usize> {
    hessian: SMatrix<T, N, N>,
    linear: SVector<T, N>,
    map: SMatrix<T, M, N>,
    /// The factor of `H + weight KᵀK` in the lower triangle.
    factor: SMatrix<T, N, N>,
    /// NaN before the first factor.
    weight: T,
}

impl<T: Real, const N: usize, const M: usize> Coupled<T, N, M> {
    /// From H, of which the lower triangle is read, c and K.
    ///
    /// # Errors
    /// [`ConfigError::Indefinite`] if H is not positive semidefinite or a number is not finite; [`ConfigError::Dependent`]
    /// if H and K vanish along a common direction, in which no minimizer is unique.
    pub fn new(hessian: SMatrix<T, N, N>, linear: SVector<T, N>, map: SMatrix<T, M, N>) -> Result<Self, ConfigError> {
        let finite = linalg::all_finite(&linear) && columns(&map).iter().flatten().all(|k| k.is_finite());
        if linalg::semidefinite_root(&hessian).is_none() || !finite {
            return Err(ConfigError::Indefinite);
        }
        let mut coupled = Self { hessian, linear, map, factor: linalg::zeros(), weight: T::NAN };
        if coupled.factorize(T::ONE) { Ok(coupled) } else { Err(ConfigError::Dependent) }
    }

    fn factorize(&mut self, weight: T) -> bool {
        let (h, k) = (columns(&self.hessian), columns(&self.map));
        let factor = columns_mut(&mut self.factor);
        for j in 0..N {
            for i in j..N {
                let product = k[i].iter().zip(&k[j]).fold(T::ZERO, |sum, (&a, &b)| sum + a * b);
                factor[j][i] = h[j][i] + weight * product;
            }
        }
        self.weight = weight;
        linalg::cholesky(&mut self.factor, T::of_f64(4.0) * T::of_usize(N) * T::EPSILON)
    }
}

impl<T: Real, const N: usize, const M: usize> Problem for Coupled<T, N, M> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, const M: usize> Augmented<T, N, M> for Coupled<T, N, M> {
    fn minimize(
        &mut self,
        target: &SVector<T, M>,
        weight: T,
        x: &mut SVector<T, N>,
        image: &mut SVector<T, M>,
    ) -> Result<(), Infallible> {
        if weight != self.weight && !self.factorize(weight) {
            *x = SVector::from_element(T::NAN);
            return Ok(());
        }
        let (k, c) = (columns(&self.map), entries(&self.linear));
        for (j, x) in entries_mut(x).iter_mut().enumerate() {
            let product = k[j].iter().zip(entries(target)).fold(T::ZERO, |sum, (&a, &b)| sum + a * b);
            *x = weight * product - c[j];
        }
        linalg::solve_lower(&self.factor, x);
        linalg::solve_transposed(&self.factor, x);
        linalg::multiply(&self.map, x, image);
        Ok(())
    }
}
