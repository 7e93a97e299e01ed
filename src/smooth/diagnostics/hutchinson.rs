//! Trace and diagonal of the Hessian from products with random signs.
//!
//! With independent signs z, `E[z ⊙ Hz] = diag H` and `E[zᵀHz] = tr H`; the variance of the latter is `2 Σ_{i≠j} Hᵢⱼ²` a probe, zero for a
//! diagonal H.
//!
//! Reference: Hutchinson, "A stochastic estimator of the trace of the influence matrix", 1989; Bekas, Kokiopoulou & Saad, "An estimator
//! for the diagonal of a matrix", 2007. Memory: two vectors. The error falls with the square root of the number of probes.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::HessianProducts;
use crate::random::Generator;
use crate::real::Real;

/// Hutchinson's estimates for the Hessian at a point.
///
/// ```
/// use thalweg::{problem::Quadratic, smooth::diagnostics::Hutchinson};
/// use nalgebra::{matrix, vector};
/// let mut bowl = Quadratic { hessian: matrix![3.0, 0.0; 0.0, -1.0], linear: vector![0.0, 0.0], constant: 0.0 };
/// let mut probe = Hutchinson::new(vector![0.0, 0.0], 1);
/// probe.step(&mut bowl).unwrap();
/// assert!(probe.trace() == 2.0 && probe.diagonal() == vector![3.0, -1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Hutchinson<T: Real, const N: usize> {
    x: SVector<T, N>,
    /// `Σ z ⊙ Hz`.
    sum: SVector<T, N>,
    probes: u32,
    generator: Generator,
}

impl<T: Real, const N: usize> Hutchinson<T, N> {
    /// The Hessian at x; the seed chooses the signs.
    #[must_use]
    pub const fn new(x: SVector<T, N>, seed: u64) -> Self {
        Self { x, sum: linalg::zeros(), probes: 0, generator: Generator::new(seed) }
    }

    /// One product, with new signs.
    ///
    /// # Errors
    /// The oracle's own error; nothing has changed.
    pub fn step<P: HessianProducts<T, N>>(&mut self, problem: &mut P) -> Result<(), P::Error> {
        let (mut generator, mut product) = (self.generator, linalg::zeros());
        let z = generator.signs();
        problem.product(&self.x, &z, &mut product)?;
        self.sum += z.zip_map(&product, |z, hz| z * hz);
        self.probes = self.probes.saturating_add(1);
        self.generator = generator;
        Ok(())
    }

    /// The estimate of the diagonal; NaN before the first step.
    #[must_use]
    pub fn diagonal(&self) -> SVector<T, N> {
        self.sum / T::of_f64(f64::from(self.probes))
    }

    /// The estimate of the trace; NaN before the first step.
    #[must_use]
    pub fn trace(&self) -> T {
        self.diagonal().iter().fold(T::ZERO, |sum, &entry| sum + entry)
    }
}
