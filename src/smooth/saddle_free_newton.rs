//! Saddle-free Newton: Newton's step with the magnitudes of the eigenvalues, so that saddles repel it.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)`, `∇²f(x) = Σ λᵢ vᵢvᵢᵀ`, `L = max |λᵢ|` and a radius Δ:
//!
//! 1. `d = -Σ (vᵢᵀg / aᵢ) vᵢ` with `aᵢ = max(|λᵢ|, floor · L) + shift · L`, shortened to `‖d‖ ≤ Δ`;
//! 2. at a stationary point that is a strict saddle, `d = Δ v₁` along the least eigenvalue, and where `L = 0`, `d = -Δ g/‖g‖`;
//! 3. `ρ = (f(x) - f(x + d)) / (-gᵀd - ½ dᵀHd)` adapts Δ and decides as in
//!    [`NewtonTrustRegion`](crate::smooth::NewtonTrustRegion).
//!
//! Reference: Dauphin, Pascanu, Gulcehre, Cho, Ganguli & Bengio, "Identifying and attacking the saddle point problem in
//! high-dimensional non-convex optimization", 2014, algorithm 1; the radius is a safeguard of this crate: near an inflection d is of the
//! order of `1/floor`. Memory: one matrix and six vectors. One Hessian an accepted point, one gradient a trial. Choose
//! [`NewtonTrustRegion`](crate::smooth::NewtonTrustRegion) where the model is to be minimized exactly.

use nalgebra::{SMatrix, SVector};

use crate::linalg;
use crate::problem::Curved;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::model::Model;
use crate::smooth::newton_state::{Answer, NewtonState, Rule};
use crate::smooth::trust_region::adapt_radius;
use crate::step::{ConfigError, Method, Status};

/// Parameters of saddle-free Newton.
///
/// ```
/// use thalweg::{Method, Number, smooth::SaddleFreeNewton, problem::{Forward, Function}};
/// struct Well; // a saddle at the origin, minima at (0, ±1)
/// impl Function<f64, 2> for Well {
///     fn value<D: Number<Scalar = f64>>(&self, &[x, y]: &[D; 2]) -> D { (x * x - y * y).scale(0.5) + y.powi(4).scale(0.25) }
/// }
/// let (state, _) = SaddleFreeNewton::default().solve(nalgebra::vector![1.0, 1e-3], &mut Forward(Well), 100).unwrap();
/// assert!((state.value() + 0.25).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SaddleFreeNewton<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the
    /// start, and `λ_min ≥ -curvature_tolerance · max |λ|`. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// A strict saddle is left while `λ_min < -curvature_tolerance · max |λ|`. Zero or more, infinity to accept any stationary
    /// point; default √ε.
    pub curvature_tolerance: T,
    /// The least magnitude of an eigenvalue, as a fraction of the largest; along smaller ones convergence is linear. Positive; default
    /// √ε. Without the radius, 10⁻² is usual.
    pub floor: T,
    /// What is added to each magnitude, as a fraction of the largest. Zero or more; default 0.
    pub shift: T,
    /// The first Δ. Positive; default 1.
    pub initial_radius: T,
}

impl<T: Real> Default for SaddleFreeNewton<T> {
    fn default() -> Self {
        Self {
            gradient_tolerance: T::SQRT_EPSILON,
            curvature_tolerance: T::SQRT_EPSILON,
            floor: T::SQRT_EPSILON,
            shift: T::ZERO,
            initial_radius: T::ONE,
        }
    }
}

impl<T: Real> SaddleFreeNewton<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        tolerance(self.curvature_tolerance)?;
        at_least(T::ZERO, self.floor)?;
        tolerance(self.shift)?;
        at_least(T::ZERO, self.initial_radius)
    }

    /// d without the radius, for a Hessian and a gradient: the step of the published method.
    #[must_use]
    pub fn direction<const N: usize>(&self, h: &SMatrix<T, N, N>, g: &SVector<T, N>) -> SVector<T, N> {
        let mut model = Model::of(h, g);
        let y = self.repelled(&mut model);
        model.step(&y)
    }

    /// d in the basis of the model. Where a factor proves that no eigenvalue is below the floor, it is Newton's step.
    fn repelled<const N: usize>(&self, model: &mut Model<T, N>) -> SVector<T, N> {
        let mild = self.shift == T::ZERO && model.factor(-self.floor * model.bound()).is_some();
        if let Some(newton) = mild.then(|| model.solve(T::ZERO)).flatten() {
            return newton;
        }
        model.decompose();
        self.magnified(&model.values, &model.slopes)
    }

    /// d in the basis of eigenvectors.
    pub(crate) fn magnified<const N: usize>(&self, values: &SVector<T, N>, slopes: &SVector<T, N>) -> SVector<T, N> {
        let largest = linalg::max_abs(values);
        let scale = if largest > T::ZERO { largest } else { T::ONE };
        values.zip_map(slopes, |value, slope| -slope / (value.abs().max(self.floor * scale) + self.shift * scale))
    }
}

impl<T: Real> Rule<T> for SaddleFreeNewton<T> {
    fn check(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn curvature_tolerance(&self) -> T {
        self.curvature_tolerance
    }

    fn opening(&self) -> T {
        self.initial_radius
    }

    fn propose<const N: usize>(&self, model: &mut Model<T, N>, saddle: bool, radius: &mut T) -> SVector<T, N> {
        if saddle {
            return model.downward() * *radius;
        }
        let y = self.repelled(model);
        let straight = model.is_decomposed() && linalg::max_abs(&model.values) == T::ZERO;
        let share = *radius / linalg::norm(&y);
        y * if straight { share } else { share.min(T::ONE) }
    }

    fn accepts<const N: usize>(&self, _: &Model<T, N>, trial: &Answer<T>, radius: &mut T) -> bool {
        adapt_radius(trial.decrease, trial.promised, trial.length, radius)
    }
}

impl<T: Real, const N: usize, P: Curved<T, N>> Method<P, NewtonState<T, N>> for SaddleFreeNewton<T> {
    fn step(&self, state: &mut NewtonState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        state.advance(self, problem)
    }
}
