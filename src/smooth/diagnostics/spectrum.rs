//! Extreme eigenvalues of the Hessian at a point by the Lanczos process.
//!
//! K products make `VᵀHV = T`, tridiagonal, with orthonormal V from a start at random; the eigenvalues of T, the Ritz values, lie
//! between the extreme eigenvalues of H and approach them from within, the far ones first. For a Ritz pair `(θ, y)` an eigenvalue lies
//! within `β |y_K|` of θ. Every vector is made orthogonal to all before it, twice.
//!
//! Reference: Golub & Van Loan, Matrix Computations, 4th ed., §10.1 to 10.3. Memory: N(K + 1) + 2K, and K² for a moment. Choose
//! [`PowerIteration`](super::PowerIteration) where K vectors have no room.

use nalgebra::SVector;

use crate::linalg::{self, entries_mut};
use crate::problem::HessianProducts;
use crate::real::Real;
use crate::smooth::lanczos::Lanczos;

/// An approximate eigenvalue.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ritz<T> {
    /// θ.
    pub value: T,
    /// An eigenvalue lies within this of it.
    pub error: T,
}

/// The Lanczos process at a point, with `K` vectors.
///
/// ```
/// use thalweg::{problem::Quadratic, smooth::diagnostics::Spectrum};
/// use nalgebra::{matrix, vector};
/// let mut saddle = Quadratic { hessian: matrix![1.0, 2.0; 2.0, 1.0], linear: vector![0.0, 0.0], constant: 0.0 };
/// let mut spectrum = Spectrum::<f64, 2, 2>::new(vector![0.0, 0.0], 1);
/// while !spectrum.step(&mut saddle).unwrap() {}
/// assert!((spectrum.least().value + 1.0).abs() < 1e-12 && (spectrum.largest().value - 3.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Spectrum<T: Real, const N: usize, const K: usize> {
    /// Where.
    x: SVector<T, N>,
    lanczos: Lanczos<T, N, K>,
    done: bool,
}

impl<T: Real, const N: usize, const K: usize> Spectrum<T, N, K> {
    /// The Hessian at x; the seed chooses the first vector.
    #[must_use]
    pub fn new(x: SVector<T, N>, seed: u64) -> Self {
        let mut lanczos = Lanczos::new(seed);
        lanczos.begin(&linalg::zeros(), T::ONE);
        Self { x, lanczos, done: false }
    }

    /// The Hessian at another point; begins with the Ritz vector of the largest magnitude so far, which is close to an eigenvector if
    /// the points are close.
    pub fn move_to(&mut self, x: SVector<T, N>) {
        let ritz = self.lanczos.ritz();
        let (_, place) = self.lanczos.farthest(&ritz.values);
        let start = self.lanczos.vector(&ritz.vectors, place);
        self.lanczos.begin(&start, T::of_f64(0.1));
        (self.x, self.done) = (x, false);
    }

    /// One product; whether it was the last: K of them, or an invariant subspace is found. After that, no call.
    ///
    /// # Errors
    /// The oracle's own error; nothing has changed.
    pub fn step<P: HessianProducts<T, N>>(&mut self, problem: &mut P) -> Result<bool, P::Error> {
        if !self.done {
            let mut product = linalg::zeros();
            problem.product(&self.x, &self.lanczos.question(), &mut product)?;
            self.done = self.lanczos.answer(&product);
        }
        Ok(self.done)
    }

    /// Products so far.
    #[must_use]
    pub const fn products(&self) -> usize {
        self.lanczos.answered()
    }

    /// The Ritz values, as many as there were products, unordered; NaN in the other places.
    #[must_use]
    pub fn values(&self) -> SVector<T, K> {
        let mut values = self.lanczos.ritz().values;
        entries_mut(&mut values).iter_mut().skip(self.products()).for_each(|value| *value = T::NAN);
        values
    }

    /// The least Ritz value, an upper bound of the least eigenvalue; infinite before the first step, NaN once a product was
    /// not finite.
    #[must_use]
    pub fn least(&self) -> Ritz<T> {
        let ritz = self.lanczos.ritz();
        let (value, place, _) = self.lanczos.extremes(&ritz.values);
        Ritz { value, error: self.lanczos.error(&ritz.vectors, place) }
    }

    /// The largest Ritz value, a lower bound of the largest eigenvalue; minus infinity before the first step, NaN once a product
    /// was not finite.
    #[must_use]
    pub fn largest(&self) -> Ritz<T> {
        let ritz = self.lanczos.ritz();
        let (value, place, _) = self.lanczos.extremes(&-ritz.values);
        Ritz { value: -value, error: self.lanczos.error(&ritz.vectors, place) }
    }

    /// The unit Ritz vector of the least value: the direction of the most negative curvature.
    #[must_use]
    pub fn least_direction(&self) -> SVector<T, N> {
        let ritz = self.lanczos.ritz();
        let (_, place, _) = self.lanczos.extremes(&ritz.values);
        self.lanczos.vector(&ritz.vectors, place)
    }
}
