//! The open-circuit voltage of a graphite electrode.
//!
//! `U(x) = p₀ exp(-p₁ x) + p₂ - p₃ tanh(p₄ (x - p₅)) - p₆ tanh(p₇ (x - p₈)) - p₉ tanh(p₁₀ (x - p₁₁))`: one exponential
//! at the empty end and a step of the voltage at each phase change. Chen et al., "Development of experimental
//! techniques for parameterization of multi-scale lithium-ion battery models", Journal of the Electrochemical Society
//! 167 (2020) 080534.

use nalgebra::SVector;

use crate::linalg::{entries, vector};
use crate::problem::Model;
use crate::real::{Number, Real};

/// The parameters that Chen et al. (2020) give for the negative electrode of the LG M50 cell, in V and 1.
pub const GRAPHITE: [f64; 12] =
    [1.9793, 39.3631, 0.2482, 0.0909, 29.8538, 0.1234, 0.04478, 14.9159, 0.2769, 0.0205, 30.4444, 0.6103];

/// `U(x)`.
fn voltage<D: Number>(p: &[D; 12], x: D::Scalar) -> D {
    let [height, rate, level, a, ka, xa, b, kb, xb, c, kc, xc] = *p;
    let step = |height: D, steepness: D, place: D| height * (steepness * place.offset(-x)).tanh();
    height * (-rate.scale(x)).exp() + level + step(a, ka, xa) + step(b, kb, xb) + step(c, kc, xc)
}

/// A fitted electrode.
///
/// ```
/// use thalweg::calibration::battery::{GRAPHITE, OpenCircuit};
/// let electrode = OpenCircuit { parameters: GRAPHITE };
/// assert!((electrode.voltage(0.5) - 0.133_f64).abs() < 1e-3);
/// assert!((electrode.stoichiometry(electrode.voltage(0.3)) - 0.3).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OpenCircuit<T> {
    /// `p₀` to `p₁₁`.
    pub parameters: [T; 12],
}

impl<T: Real> OpenCircuit<T> {
    /// The voltage at a stoichiometry, both from 0 to 1 over the electrode and in V.
    #[must_use]
    pub fn voltage(&self, stoichiometry: T) -> T {
        voltage(&self.parameters, stoichiometry)
    }

    /// The stoichiometry at a voltage in V, by bisection: the curve falls. At the end of the range 0 to 1 for a voltage
    /// beyond it, NaN for one that is not finite.
    #[must_use]
    pub fn stoichiometry(&self, voltage: T) -> T {
        let (mut low, mut high) = (T::ZERO, T::ONE);
        for _ in 0..60 {
            let middle = T::HALF * (low + high);
            if !(middle > low && middle < high) {
                break;
            }
            if self.voltage(middle) > voltage {
                low = middle;
            } else {
                high = middle;
            }
        }
        if voltage.is_finite() { T::HALF * (low + high) } else { T::NAN }
    }
}

/// The fit of an [`OpenCircuit`] curve: residuals in V, parameters `p₀` to `p₁₁`.
#[derive(Clone, Copy, Debug)]
pub struct OpenCircuitFit<'a, T> {
    samples: &'a [(T, T)],
}

impl<'a, T: Real> OpenCircuitFit<'a, T> {
    /// Samples of stoichiometry and voltage in V.
    #[must_use]
    pub const fn new(samples: &'a [(T, T)]) -> Self {
        Self { samples }
    }

    /// The published electrode, [`GRAPHITE`].
    #[must_use]
    pub fn start(&self) -> SVector<T, 12> {
        vector(|j| GRAPHITE.get(j).map_or(T::ZERO, |p| T::of_f64(*p)))
    }

    /// The electrode of parameters.
    #[must_use]
    pub fn electrode(&self, x: &SVector<T, 12>) -> OpenCircuit<T> {
        OpenCircuit { parameters: *entries(x) }
    }
}

impl<T: Real> Model<T, 12> for OpenCircuitFit<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 12]) -> D {
        let Some(&(place, measured)) = self.samples.get(i) else { return D::constant(T::NAN) };
        voltage(x, place).offset(-measured)
    }
}
