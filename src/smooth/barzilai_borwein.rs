//! The spectral gradient method: Barzilai and Borwein's rates with a non-monotone safeguard.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)`, `s = x - x₋`, `y = g - g₋`:
//!
//! 1. the rate t is `⟨s, s⟩/⟨s, y⟩` (long), `⟨s, y⟩/⟨y, y⟩` (short), or the short one where it is below `threshold` times the long one;
//!    without curvature, `⟨s, y⟩ ≤ 0`, it is `1/‖g‖`;
//! 2. `x⁺ = x - t g`, with t halved until `f(x⁺) ≤ max(f of the last M points) - 10⁻⁴ t ‖g‖²`.
//!
//! Reference: Barzilai & Borwein, "Two-point step size gradient methods", 1988, eq. 5 and 6; the adaptive choice: Zhou, Gao &
//! Dai, "Gradient methods with adaptive step-sizes", 2006, section 2; the safeguard: Grippo, Lampariello & Lucidi, 1986, and
//! Raydan, "The Barzilai and Borwein gradient method for the large scale unconstrained minimization problem", 1997. Memory: two
//! points and M values. One gradient a trial; f does not fall at every step. Choose it where N is large and f not too badly
//! conditioned; there is hardly a cheaper method. [`SpectralProjectedGradient`](crate::composite::SpectralProjectedGradient) is
//! the one for sets and penalties.

use nalgebra::SVector;

use crate::linalg::{self, entries_mut};
use crate::problem::Smooth;
use crate::ranges::{at_least, fraction, ordered, tolerance};
use crate::real::{Real, haze};
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Which rate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SpectralRate<T> {
    /// `⟨s, s⟩/⟨s, y⟩`, known as BB1.
    Long,
    /// `⟨s, y⟩/⟨y, y⟩`, known as BB2.
    Short,
    /// The short one where it is below this share of the long one. In (0, 1); 0.8 is common.
    Adaptive(T),
}

/// Parameters of the spectral gradient method.
///
/// ```
/// use thalweg::{Method, smooth::{BarzilaiBorwein, BarzilaiBorweinState}, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut bowl = Quadratic { hessian: matrix![1.0, 0.0; 0.0, 100.0], linear: vector![-1.0, 0.0], constant: 0.5 };
/// let mut state: BarzilaiBorweinState<f64, 2> = vector![0.0, 1.0].into();
/// let status = BarzilaiBorwein::default().run(&mut state, &mut bowl, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BarzilaiBorwein<T> {
    /// Which rate; default [`SpectralRate::Adaptive`] with 0.8.
    pub spectral: SpectralRate<T>,
    /// The first rate. Positive; default 1.
    pub initial_rate: T,
    /// The shortest rate. Positive; default 10⁻¹⁰.
    pub rate_floor: T,
    /// The longest rate. At least `rate_floor`, finite; default 10¹⁰.
    pub rate_ceiling: T,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> Default for BarzilaiBorwein<T> {
    fn default() -> Self {
        Self {
            spectral: SpectralRate::Adaptive(T::of_f64(0.8)),
            initial_rate: T::ONE,
            rate_floor: T::of_f64(1e-10),
            rate_ceiling: T::of_f64(1e10),
            gradient_tolerance: T::SQRT_EPSILON,
            patience: PATIENCE,
        }
    }
}

impl<T: Real> BarzilaiBorwein<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        ordered(self.rate_floor, self.rate_ceiling)?;
        match self.spectral {
            SpectralRate::Adaptive(threshold) => fraction(threshold),
            _ => Ok(()),
        }
    }
}

/// Memory of [`BarzilaiBorwein`] with M values; with one the descent is monotone.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct BarzilaiBorweinState<T: Real, const N: usize, const M: usize = 10> {
    /// x, and the best of them.
    walk: Walk<T, N>,
    /// The values of the last points, the newest first.
    values: SVector<T, M>,
    /// t.
    rate: T,
}

impl<T: Real, const N: usize, const M: usize> BarzilaiBorweinState<T, N, M> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x), values: linalg::zeros(), rate: T::ZERO }
    }
}

impl<T: Real, const N: usize, const M: usize, P: Smooth<T, N>> Method<P, BarzilaiBorweinState<T, N, M>>
    for BarzilaiBorwein<T>
{
    fn step(&self, state: &mut BarzilaiBorweinState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize, const M: usize> Walker<T, N, BarzilaiBorweinState<T, N, M>> for BarzilaiBorwein<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut BarzilaiBorweinState<T, N, M>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn depart(&self, state: &mut BarzilaiBorweinState<T, N, M>) {
        state.values = SVector::from_element(state.walk.at.value);
        state.rate = self.initial_rate * state.walk.caution;
    }

    fn next(&self, state: &BarzilaiBorweinState<T, N, M>) -> SVector<T, N> {
        state.walk.at.x - state.walk.at.gradient * state.rate
    }

    fn arrive(&self, state: &mut BarzilaiBorweinState<T, N, M>, point: Point<T, N>) -> Status {
        let at = &state.walk.at;
        let highest = state.values.iter().fold(at.value, |most, &value| most.max(value));
        let wanted = T::of_f64(1e-4) * state.rate * linalg::dot(&at.gradient, &at.gradient);
        if point.value <= highest - wanted || wanted <= haze(point.value, highest) && point.value <= highest {
            state.rate = self.spectral(at, &point);
            state.walk.at = point;
            let mut value = point.value;
            for place in entries_mut(&mut state.values) {
                core::mem::swap(place, &mut value);
            }
        } else {
            state.rate *= T::HALF;
        }
        Status::Running
    }
}

walked!(BarzilaiBorweinState, M);

impl<T: Real> BarzilaiBorwein<T> {
    /// Step 1 of the next iteration.
    fn spectral<const N: usize>(&self, last: &Point<T, N>, at: &Point<T, N>) -> T {
        let (s, y) = (at.x - last.x, at.gradient - last.gradient);
        let (length, bend, change) = (linalg::dot(&s, &s), linalg::dot(&s, &y), linalg::dot(&y, &y));
        let (long, short) = (length / bend, bend / change);
        let rate = match self.spectral {
            _ if !(bend > T::ZERO) => T::ONE / linalg::norm(&at.gradient),
            SpectralRate::Long => long,
            SpectralRate::Short => short,
            SpectralRate::Adaptive(threshold) if short < threshold * long => short,
            SpectralRate::Adaptive(_) => long,
        };
        rate.max(self.rate_floor).min(self.rate_ceiling)
    }
}
