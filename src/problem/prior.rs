//! A Gaussian prior on the parameters.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut};
use crate::problem::{Block, Problem, Rows};
use crate::real::Real;
use crate::step::ConfigError;

/// Adds `½ (x - m)ᵀ Λ (x - m)` to a sum of squares: the rows of `Lᵀ` that are not zero, with `Λ = L Lᵀ`. Each counts as a
/// sample.
///
/// Λ is the information matrix (inverse covariance) in units of the residuals; a zero row and column leave a parameter
/// free.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior<P, T: Real, const N: usize> {
    /// The oracle of the data.
    pub inner: P,
    mean: SVector<T, N>,
    root: SMatrix<T, N, N>,
    /// The columns of `root` that carry information; they come first.
    rows: usize,
}

impl<P, T: Real, const N: usize> Prior<P, T, N> {
    /// A prior with mean `m` and information `Λ`, of which the lower triangle is read.
    ///
    /// # Errors
    /// [`ConfigError::Indefinite`] if Λ is not positive semidefinite and finite.
    pub fn new(inner: P, mean: SVector<T, N>, information: &SMatrix<T, N, N>) -> Result<Self, ConfigError> {
        let root = linalg::semidefinite_root(information).ok_or(ConfigError::Indefinite)?;
        Ok(Self::from_root(inner, mean, root))
    }

    /// A prior with independent components: mean and the inverse of each variance.
    ///
    /// # Errors
    /// [`ConfigError::Indefinite`] if a component is negative or not finite.
    pub fn independent(inner: P, mean: SVector<T, N>, information: &SVector<T, N>) -> Result<Self, ConfigError> {
        if !information.iter().all(|w| *w >= T::ZERO && w.is_finite()) {
            return Err(ConfigError::Indefinite);
        }
        Ok(Self::from_root(inner, mean, SMatrix::from_diagonal(&information.map(T::sqrt))))
    }

    fn from_root(inner: P, mean: SVector<T, N>, full: SMatrix<T, N, N>) -> Self {
        let mut root: SMatrix<T, N, N> = linalg::zeros();
        let mut rows = 0;
        for column in columns(&full).iter().filter(|column| column.iter().any(|l| *l != T::ZERO)) {
            if let Some(place) = columns_mut(&mut root).get_mut(rows) {
                *place = *column;
                rows += 1;
            }
        }
        Self { inner, mean, root, rows }
    }

    /// Row `k` of the prior.
    fn prior_row(&self, k: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> T {
        *g = columns(&self.root).get(k).map_or(linalg::zeros(), |column| SVector::from(*column));
        linalg::dot(g, &(x - self.mean))
    }
}

impl<P: Problem, T: Real, const N: usize> Problem for Prior<P, T, N> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Rows<T, N>> Rows<T, N> for Prior<P, T, N> {
    fn rows(&self) -> usize {
        self.inner.rows() + self.rows
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        match i.checked_sub(self.inner.rows()) {
            None => self.inner.row(i, x, g),
            Some(k) => Ok(self.prior_row(k, x, g)),
        }
    }

    fn block(&mut self, first: usize, x: &SVector<T, N>, block: &mut Block<T, N>) -> Result<(), P::Error> {
        let Some(k) = first.checked_sub(self.inner.rows()) else {
            return self.inner.block(first, x, block);
        };
        for k in k..self.rows {
            let mut g = SVector::zeros();
            let residual = self.prior_row(k, x, &mut g);
            if !block.push(g, residual) {
                break;
            }
        }
        Ok(())
    }
}
