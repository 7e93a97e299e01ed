//! Geodesic acceleration: Levenberg-Marquardt steps bent along the valley.
//!
//! With the velocity `v` of a Levenberg-Marquardt step of damping λ, and the second derivative of the residuals along it by one
//! more evaluation, `r'' = (2/h)((r(x + hv) - r(x))/h - Jv)`,
//!
//! 1. `(JᵀJ + λD²) a = -Jᵀ r''`;
//! 2. the trial is `x + v + a/2` if `2‖Da‖ ≤ α‖Dv‖`, else `x + v`.
//!
//! Reference: Transtrum & Sethna, "Improvements to the Levenberg-Marquardt algorithm for nonlinear least-squares minimization"
//! (2012), eqs. 6, 10 and 15; departure: where they reject a step with too much acceleration, it is taken without.
//!
//! Fewer Jacobians in long curved valleys, for one vector of residuals a trial. Memory: a second Jacobian. No bounds.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, Damping, SquareRoot, System};
use crate::least_squares::dense::Dense;
use crate::least_squares::domain::{Domain, Everywhere};
use crate::least_squares::fit::{Fit, Gather};
use crate::least_squares::levenberg_marquardt::LevenbergMarquardt;
use crate::linalg::{self, columns, entries};
use crate::problem::LeastSquares;
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of Levenberg-Marquardt with geodesic acceleration.
///
/// ```
/// use nalgebra::{Matrix2, Vector2, vector};
/// use thalweg::{Method, least_squares::{GeodesicState, GeodesicLevenbergMarquardt}, problem::dense_fn};
/// let mut rosenbrock = dense_fn(|x: &Vector2<f64>, r: &mut Vector2<f64>, j: &mut Matrix2<f64>| {
///     *r = vector![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]];
///     *j = Matrix2::new(-20.0 * x[0], 10.0, -1.0, 0.0);
/// });
/// let mut fit: GeodesicState<f64, 2, 2> = GeodesicState::from_point(vector![-1.2, 1.0]);
/// let _ = GeodesicLevenbergMarquardt::default().run(&mut fit, &mut rosenbrock, 100);
/// assert!((fit.x() - vector![1.0, 1.0]).amax() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GeodesicLevenbergMarquardt<T, D = Everywhere> {
    /// The method that makes the velocity: its tolerances, first radius and domain.
    pub inner: LevenbergMarquardt<T, D>,
    /// The most acceleration, `α`. Between 0 and 1; default 0.75.
    pub ratio: T,
    /// The share `h` of a step at which residuals are compared. Between 0 and 1; default 0.1.
    pub difference: T,
}

impl<T: Real> Default for GeodesicLevenbergMarquardt<T> {
    fn default() -> Self {
        Self { inner: LevenbergMarquardt::default(), ratio: T::of_f64(0.75), difference: T::of_f64(0.1) }
    }
}

impl<T: Real, D> GeodesicLevenbergMarquardt<T, D> {
    /// Checks the documented ranges but those of [`inner`](Self::inner).
    ///
    /// # Errors
    /// [`ConfigError::Fraction`] if one does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let fraction = |value: T| value > T::ZERO && value < T::ONE;
        if fraction(self.ratio) && fraction(self.difference) { Ok(()) } else { Err(ConfigError::Fraction) }
    }
}

/// Memory of [`GeodesicLevenbergMarquardt`].
pub type GeodesicState<T, const M: usize, const N: usize, K = SquareRoot, const A: usize = N> =
    Fit<T, N, A, K, Geodesic<T, M, N>>;

/// Residuals and Jacobian at the trial point and at the best one.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Geodesic<T: Real, const M: usize, const N: usize> {
    trial: Dense<T, M, N>,
    best: Dense<T, M, N>,
    /// Whether the next call looks ahead along the velocity.
    ahead: bool,
}

impl<T: Real, const M: usize, const N: usize> Gather<T> for Geodesic<T, M, N> {
    const EMPTY: Self = Self { trial: Dense::EMPTY, best: Dense::EMPTY, ahead: false };
}

impl<T: Real, const M: usize, const N: usize> Geodesic<T, M, N> {
    /// `Jᵀ r''`, from the residuals at `x + hv`.
    fn bend(&self, ahead: &SVector<T, M>, v: &SVector<T, N>, h: T) -> SVector<T, N> {
        let (jacobian, v, here, ahead) =
            (columns(&self.best.jacobian), entries(v), entries(&self.best.residuals), entries(ahead));
        let mut gradient: SVector<T, N> = linalg::zeros();
        for i in 0..M {
            let slope = jacobian.iter().zip(v).fold(T::ZERO, |sum, (column, &v)| sum + column[i] * v);
            let second = T::TWO / h * ((ahead[i] - here[i]) / h - slope);
            for (g, column) in gradient.iter_mut().zip(jacobian) {
                *g += column[i] * second;
            }
        }
        gradient
    }
}

impl<T: Real, const M: usize, const N: usize, const A: usize, K: Accumulation> GeodesicState<T, M, N, K, A> {
    /// Adds the acceleration to the candidate, if it is small enough.
    fn accelerate<D: Domain<T, N, A>>(&mut self, method: &GeodesicLevenbergMarquardt<T, D>, ahead: &SVector<T, M>) {
        let mut a = self.memory.bend(ahead, &self.step, method.difference);
        let mut factored = System::new();
        let ridge = T::of_usize(N) * T::EPSILON;
        let damping = Damping { lambda: self.damping, ridge, scale: &self.scale, held: &[false; N], from: None };
        if !K::factor(&self.system, &damping, &mut factored) {
            return;
        }
        linalg::solve_lower(&factored.matrix, &mut a);
        linalg::solve_transposed(&factored.matrix, &mut a);
        if T::TWO * linalg::scaled_norm(&self.scale, &a) <= method.ratio * self.length {
            let bent = self.step - a * T::HALF;
            method.inner.domain.advance(&self.x, &bent, &mut self.candidate);
        }
    }
}

impl<T, const M: usize, const N: usize, const A: usize, K, D, P> Method<P, GeodesicState<T, M, N, K, A>>
    for GeodesicLevenbergMarquardt<T, D>
where
    T: Real,
    K: Accumulation,
    D: Domain<T, N, A>,
    P: LeastSquares<T, M, N, A>,
{
    fn step(&self, fit: &mut GeodesicState<T, M, N, K, A>, problem: &mut P) -> Result<Status, P::Error> {
        const { assert!(!D::BOUNDED, "geodesic acceleration knows no bounds: use LevenbergMarquardt") }
        if fit.status == Status::Running {
            fit.begin(&self.inner, M);
        }
        if let (Status::Running, Err(error)) = (fit.status, self.validate()) {
            fit.status = Status::Stalled(Stall::Config(error));
        }
        if fit.status != Status::Running {
            return Ok(fit.status);
        }
        if fit.memory.ahead {
            let (mut point, mut ahead) = (fit.x, SVector::zeros());
            self.inner.domain.advance(&fit.x, &(fit.step * self.difference), &mut point);
            problem.residuals(&point, &mut ahead)?;
            fit.memory.ahead = false;
            fit.accelerate(self, &ahead);
            return Ok(fit.status);
        }
        let Dense { residuals, jacobian } = &mut fit.memory.trial;
        problem.linearize(&fit.candidate, residuals, jacobian)?;
        let Dense { residuals, jacobian } = &fit.memory.trial;
        fit.trial_cost = super::dense::fold::<T, M, N, K>(residuals, jacobian, &mut fit.trial);
        if fit.judge(&self.inner, M, M) {
            fit.memory.best.residuals = fit.memory.trial.residuals;
            fit.memory.best.jacobian = fit.memory.trial.jacobian;
        }
        // Steps that only the slopes can judge are short: no acceleration is left in them.
        fit.memory.ahead = fit.status == Status::Running && !fit.hidden;
        Ok(fit.status)
    }
}
