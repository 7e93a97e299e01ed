//! The kind of a stationary point, from one Hessian.
//!
//! A point with `g = 0` is a strict minimum if all eigenvalues of the Hessian are positive, and no minimum if one is negative; their
//! number is the index of a saddle. With an eigenvalue of zero and none below, second derivatives do not decide.
//!
//! Reference: Nocedal & Wright, Numerical Optimization, 2nd ed., theorems 2.2 to 2.4. About 10 N³ operations; choose
//! [`Spectrum`](super::Spectrum) where N is large.

use nalgebra::SVector;

use crate::linalg::{self, eigen};
use crate::problem::Curved;
use crate::real::Real;

/// What a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// The value, the gradient or the Hessian is not finite.
    NonFinite,
    /// `max |gⱼ| > gradient_tolerance · max(1, |f|)`.
    NotStationary,
    /// All eigenvalues are above the tolerance.
    Minimum,
    /// Some eigenvalues, not all, are below minus the tolerance.
    Saddle {
        /// How many.
        index: usize,
    },
    /// All eigenvalues are below minus the tolerance.
    Maximum,
    /// No eigenvalue is below minus the tolerance, and one is within it.
    Degenerate,
}

/// The certificate of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct SecondOrder<T: Real, const N: usize> {
    /// `max |gⱼ|`.
    pub gradient: T,
    /// The least eigenvalue of the Hessian.
    pub least: T,
    /// All of them, unordered.
    pub eigenvalues: SVector<T, N>,
    /// What the point is.
    pub verdict: Verdict,
}

/// Certifies a point by one Hessian. An eigenvalue counts as zero up to `curvature_tolerance` times the largest magnitude of all.
///
/// ```
/// use thalweg::{problem::Quadratic, smooth::diagnostics::{Verdict, second_order}};
/// use nalgebra::{matrix, vector};
/// let mut saddle = Quadratic { hessian: matrix![1.0, 2.0; 2.0, 1.0], linear: vector![0.0, 0.0], constant: 0.0_f64 };
/// let found = second_order(&mut saddle, &vector![0.0, 0.0], 1e-8, 1e-8).unwrap();
/// assert!(found.verdict == Verdict::Saddle { index: 1 } && (found.least + 1.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// The oracle's own error.
pub fn second_order<T: Real, const N: usize, P: Curved<T, N>>(
    problem: &mut P,
    x: &SVector<T, N>,
    gradient_tolerance: T,
    curvature_tolerance: T,
) -> Result<SecondOrder<T, N>, P::Error> {
    let (mut g, mut h) = (linalg::zeros(), linalg::zeros());
    let value = problem.hessian(x, &mut g, &mut h)?;
    let eigenvalues = eigen(h).values;
    let gradient = linalg::max_abs(&g);
    let threshold = curvature_tolerance * linalg::max_abs(&eigenvalues);
    let below = eigenvalues.iter().filter(|&&value| value < -threshold).count();
    let above = eigenvalues.iter().filter(|&&value| value > threshold).count();
    let verdict = if !(value.is_finite() && gradient.is_finite() && linalg::all_finite(&eigenvalues)) {
        Verdict::NonFinite
    } else if gradient > gradient_tolerance * value.abs().max(T::ONE) {
        Verdict::NotStationary
    } else if below == N {
        Verdict::Maximum
    } else if below > 0 {
        Verdict::Saddle { index: below }
    } else if above == N {
        Verdict::Minimum
    } else {
        Verdict::Degenerate
    };
    let least = eigenvalues.iter().fold(T::INFINITY, |least, &value| least.min(value));
    Ok(SecondOrder { gradient, least, eigenvalues, verdict })
}
