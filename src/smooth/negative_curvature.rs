//! Gradient descent that looks for negative curvature where the gradient vanishes.
//!
//! Minimizes a smooth `f`. With `g = ∇f(x)`:
//!
//! 1. while g is above its tolerance: `x ← x - t g`, t by backtracking as in [`GradientDescent`](crate::smooth::GradientDescent);
//! 2. else K Lanczos vectors from a start at random give the least Ritz value θ of `∇²f(x)` and its unit vector v with `gᵀv ≤ 0`;
//! 3. if `θ < -curvature_tolerance · max |θᵢ|`: `x ← x + t v` with the first t of `t₀, t₀/2, …` for which
//!    `f(x + t v) ≤ f(x) - ¼ |θ| t²`, and again; otherwise x is a minimum up to second order.
//!
//! With third derivatives of at most ρ the second-order Taylor expansion grants step 3 every `t ≤ 3|θ|/(2ρ)`. Reference: Wright &
//! Recht, Optimization for Data Analysis, 2022, chapter 3. Memory: N(K + 2) + K². A gradient a step, K products at a stationary point. Choose
//! [`KrylovSaddleFree`](crate::smooth::KrylovSaddleFree) where products are no dearer than a few gradients.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::HessianProducts;
use crate::ranges::{at_least, fraction, tolerance};
use crate::real::Real;
use crate::smooth::lanczos::Lanczos;
use crate::smooth::point::{Point, readable};
use crate::smooth::trust_region::{Verdict, judge};
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of gradient descent with negative curvature.
///
/// ```
/// use thalweg::{Method, Number, smooth::{NegativeCurvature, NegativeCurvatureState}, problem::{Forward, Function}};
/// struct Well; // a saddle at the origin, minima at (0, ±1)
/// impl Function<f64, 2> for Well {
///     fn value<D: Number<Scalar = f64>>(&self, &[x, y]: &[D; 2]) -> D { (x * x - y * y).scale(0.5) + y.powi(4).scale(0.25) }
/// }
/// let mut state = NegativeCurvatureState::<_, 2, 2>::new(nalgebra::vector![1.0, 0.0]);
/// let _ = NegativeCurvature::default().run(&mut state, &mut Forward(Well), 1000).unwrap();
/// assert!((state.value() + 0.25).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NegativeCurvature<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the
    /// start, and `θ ≥ -curvature_tolerance · max |θᵢ|`. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// A stationary point is left while `θ < -curvature_tolerance · max |θᵢ|`. Zero or more; default √ε.
    pub curvature_tolerance: T,
    /// The first rate tried. Positive; default 1.
    pub initial_rate: T,
    /// t₀. Positive; default 1.
    pub initial_length: T,
    /// The share of `t ‖g‖²` by which step 1 must decrease f. In (0, 1); default 10⁻⁴.
    pub sufficient_decrease: T,
}

impl<T: Real> Default for NegativeCurvature<T> {
    fn default() -> Self {
        Self {
            gradient_tolerance: T::SQRT_EPSILON,
            curvature_tolerance: T::SQRT_EPSILON,
            initial_rate: T::ONE,
            initial_length: T::ONE,
            sufficient_decrease: T::of_f64(1e-4),
        }
    }
}

impl<T: Real> NegativeCurvature<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        tolerance(self.curvature_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        at_least(T::ZERO, self.initial_length)?;
        fraction(self.sufficient_decrease)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at `x - t g`.
    Descend,
    /// Ask for the product with the next vector.
    Product,
    /// Ask at `x + t v`.
    Escape,
    Done(Status),
}

/// Memory of [`NegativeCurvature`], with `K` Lanczos vectors.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct NegativeCurvatureState<T: Real, const N: usize, const K: usize> {
    /// x.
    best: Point<T, N>,
    lanczos: Lanczos<T, N, K>,
    /// t of step 1.
    rate: T,
    /// v.
    direction: SVector<T, N>,
    /// θ.
    bend: T,
    /// t of step 3.
    length: T,
    phase: Phase,
}

impl<T: Real, const N: usize, const K: usize> NegativeCurvatureState<T, N, K> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            best: Point::new(x),
            lanczos: Lanczos::new(0),
            rate: T::ZERO,
            direction: linalg::zeros(),
            bend: T::ZERO,
            length: T::ZERO,
            phase: Phase::Start,
        }
    }

    /// Goes on after a trial.
    fn follow(&mut self, verdict: Verdict, gradient_tolerance: T) -> Status {
        match verdict {
            Verdict::Accepted => self.open(gradient_tolerance),
            Verdict::Rejected => Status::Running,
            Verdict::Nothing => Status::Stalled(Stall::NoDescent),
        }
    }

    /// Goes on from the best point.
    fn open(&mut self, gradient_tolerance: T) -> Status {
        let status = self.best.status(gradient_tolerance);
        self.phase = match status {
            Status::Running => Phase::Descend,
            Status::Converged(_) => {
                self.lanczos.begin(&linalg::zeros(), T::ONE);
                Phase::Product
            }
            Status::Stalled(_) => return status,
        };
        Status::Running
    }
}

impl<T: Real, const N: usize, const K: usize, P> Method<P, NegativeCurvatureState<T, N, K>> for NegativeCurvature<T>
where
    P: HessianProducts<T, N>,
{
    fn step(&self, state: &mut NegativeCurvatureState<T, N, K>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = Point::measure(state.best.x, problem)?;
                    state.rate = self.initial_rate;
                    match start.open(&mut state.best, self.gradient_tolerance) {
                        Status::Stalled(stall) => Status::Stalled(stall),
                        _ => state.open(self.gradient_tolerance),
                    }
                }
            }
            Phase::Descend => {
                let trial = state.best.x - state.best.gradient * state.rate;
                if trial == state.best.x {
                    Status::Stalled(Stall::NoDescent)
                } else {
                    let trial = Point::measure(trial, problem)?;
                    let promised = state.rate * linalg::dot(&state.best.gradient, &state.best.gradient);
                    let accepts = |decrease| decrease >= self.sufficient_decrease * promised;
                    let verdict = judge(&mut state.best, &trial, promised, accepts);
                    // An infinite rate could not be halved.
                    let factor = if verdict == Verdict::Accepted { T::TWO } else { T::HALF };
                    state.rate = (factor * state.rate).min(T::ONE / T::TINY);
                    state.follow(verdict, self.gradient_tolerance)
                }
            }
            Phase::Product => {
                let mut product = linalg::zeros();
                problem.product(&state.best.x, &state.lanczos.question(), &mut product)?;
                if !linalg::all_finite(&product) {
                    Status::Stalled(Stall::NonFinite)
                } else if state.lanczos.answer(&product) {
                    self.bent(state)
                } else {
                    Status::Running
                }
            }
            Phase::Escape => {
                let trial = state.best.x + state.direction * state.length;
                if trial == state.best.x {
                    Status::Stalled(Stall::NoDescent)
                } else {
                    let trial = Point::measure(trial, problem)?;
                    let wanted = T::of_f64(-0.25) * state.bend * state.length.squared();
                    let verdict = judge(&mut state.best, &trial, wanted, |decrease| decrease >= wanted);
                    state.length *= T::HALF;
                    state.follow(verdict, self.gradient_tolerance)
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real> NegativeCurvature<T> {
    /// The end of step 2.
    fn bent<const N: usize, const K: usize>(&self, state: &mut NegativeCurvatureState<T, N, K>) -> Status {
        let ritz = state.lanczos.ritz();
        let (least, place, largest) = state.lanczos.extremes(&ritz.values);
        if least >= -self.curvature_tolerance * largest || largest == T::ZERO {
            return state.best.status(self.gradient_tolerance);
        }
        state.direction = state.lanczos.downward(&ritz.vectors, place, &state.best.gradient);
        (state.bend, state.length) = (least, self.initial_length);
        state.phase = Phase::Escape;
        Status::Running
    }
}

readable!(NegativeCurvatureState, K);
