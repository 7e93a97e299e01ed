//! The eigenvalue of largest magnitude by power iteration.
//!
//! `v ← (H - σI) v / ‖(H - σI) v‖`, and the Rayleigh quotient `vᵀHv`, within `‖Hv - (vᵀHv) v‖` of an eigenvalue. With σ the
//! largest eigenvalue it finds the least.
//!
//! Reference: Golub & Van Loan, Matrix Computations, 4th ed., §8.2.1. Memory: two vectors. Converges linearly with the ratio of the two
//! largest magnitudes; choose [`Spectrum`](super::Spectrum) where there is room.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::HessianProducts;
use crate::random::Generator;
use crate::real::Real;
use crate::smooth::diagnostics::Ritz;

/// Power iteration on the Hessian at a point.
///
/// ```
/// use thalweg::{problem::Quadratic, smooth::diagnostics::PowerIteration};
/// use nalgebra::{matrix, vector};
/// let mut saddle = Quadratic { hessian: matrix![1.0, 2.0; 2.0, 1.0], linear: vector![0.0, 0.0], constant: 0.0 };
/// let mut power = PowerIteration::new(vector![0.0, 0.0], 0.0, 2);
/// for _ in 0..40 { power.step(&mut saddle).unwrap(); }
/// assert!((power.ritz().value - 3.0_f64).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct PowerIteration<T: Real, const N: usize> {
    x: SVector<T, N>,
    /// σ.
    shift: T,
    /// v.
    direction: SVector<T, N>,
    ritz: Ritz<T>,
}

impl<T: Real, const N: usize> PowerIteration<T, N> {
    /// The Hessian at x minus `shift` times the identity; the seed chooses the first vector.
    #[must_use]
    pub fn new(x: SVector<T, N>, shift: T, seed: u64) -> Self {
        let z: SVector<T, N> = Generator::new(seed).in_cube();
        let direction = z / linalg::norm(&z);
        Self { x, shift, direction, ritz: Ritz { value: T::NAN, error: T::INFINITY } }
    }

    /// One product. A v in the kernel stays.
    ///
    /// # Errors
    /// The oracle's own error; nothing has changed.
    pub fn step<P: HessianProducts<T, N>>(&mut self, problem: &mut P) -> Result<(), P::Error> {
        let mut product = linalg::zeros();
        problem.product(&self.x, &self.direction, &mut product)?;
        let value = linalg::dot(&self.direction, &product);
        self.ritz = Ritz { value, error: linalg::norm(&(product - self.direction * value)) };
        let next = product - self.direction * self.shift;
        let length = linalg::norm(&next);
        if length > T::ZERO {
            self.direction = next / length;
        }
        Ok(())
    }

    /// The Rayleigh quotient of the vector last multiplied; NaN before the first step.
    #[must_use]
    pub const fn ritz(&self) -> Ritz<T> {
        self.ritz
    }

    /// v.
    #[must_use]
    pub const fn direction(&self) -> &SVector<T, N> {
        &self.direction
    }
}
