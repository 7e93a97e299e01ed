//! Saddle-free Newton in a Krylov subspace: products with the Hessian instead of the Hessian.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)` and a radius Δ:
//!
//! 1. an orthonormal `V` of K Lanczos vectors from `g/‖g‖ + ⅒ z`, z at random, and `VᵀHV = Σ θᵢ yᵢyᵢᵀ`, `L = max |θᵢ|`;
//! 2. `d = -V Σ (yᵢᵀVᵀg / aᵢ) yᵢ - (I - VVᵀ) g/L` with `aᵢ = max(|θᵢ|, floor · L)`, shortened to `‖d‖ ≤ Δ`; at a stationary point
//!    with `θ₁ < 0`, `d = Δ V y₁`;
//! 3. the share of the promised decrease adapts Δ and decides as in [`NewtonTrustRegion`](crate::smooth::NewtonTrustRegion), with
//!    the curvature L for the part of d outside of V.
//!
//! Without z, g lies in the span of V and directions of negative curvature that g is orthogonal to stay unseen. Reference: Dauphin,
//! Pascanu, Gulcehre, Cho, Ganguli & Bengio, "Identifying and attacking the saddle point problem in high-dimensional non-convex
//! optimization", 2014, algorithm 1; the radius, z and the last term of d are of this crate. Memory: N(K + 3) + K². A product a step, K
//! an accepted point, and a gradient a trial. Choose [`NewtonCg`](crate::smooth::NewtonCg) where there are no saddles, or no room for V.

use nalgebra::SVector;

use crate::linalg::{self, Eigen, multiply, multiply_adjoint};
use crate::problem::HessianProducts;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::lanczos::Lanczos;
use crate::smooth::point::{Point, readable};
use crate::smooth::trust_region::{Verdict, adapt_radius, judge};
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of saddle-free Newton in a Krylov subspace.
///
/// ```
/// use thalweg::{Method, Number, smooth::{KrylovSaddleFree, KrylovSaddleFreeState}, problem::{Forward, Function}};
/// struct Well; // a saddle at the origin, minima at (0, ±1)
/// impl Function<f64, 2> for Well {
///     fn value<D: Number<Scalar = f64>>(&self, &[x, y]: &[D; 2]) -> D { (x * x - y * y).scale(0.5) + y.powi(4).scale(0.25) }
/// }
/// let mut state = KrylovSaddleFreeState::<_, 2, 2>::new(nalgebra::vector![1.0, 0.0]);
/// let _ = KrylovSaddleFree::default().run(&mut state, &mut Forward(Well), 1000).unwrap();
/// assert!((state.value() + 0.25).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KrylovSaddleFree<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the
    /// start, and `θ₁ ≥ -curvature_tolerance · L`. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// A stationary point is left while `θ₁ < -curvature_tolerance · L`. Zero or more, infinity to accept any; default √ε.
    pub curvature_tolerance: T,
    /// The least magnitude of a Ritz value, as a fraction of the largest. Positive; default √ε.
    pub floor: T,
    /// The first Δ. Positive; default 1.
    pub initial_radius: T,
}

impl<T: Real> Default for KrylovSaddleFree<T> {
    fn default() -> Self {
        Self {
            gradient_tolerance: T::SQRT_EPSILON,
            curvature_tolerance: T::SQRT_EPSILON,
            floor: T::SQRT_EPSILON,
            initial_radius: T::ONE,
        }
    }
}

impl<T: Real> KrylovSaddleFree<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        tolerance(self.curvature_tolerance)?;
        at_least(T::ZERO, self.floor)?;
        at_least(T::ZERO, self.initial_radius)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask for the product with the next vector.
    Product,
    /// Ask at x + d.
    Trial,
    Done(Status),
}

/// Memory of [`KrylovSaddleFree`], with `K` Lanczos vectors.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct KrylovSaddleFreeState<T: Real, const N: usize, const K: usize> {
    /// x.
    best: Point<T, N>,
    /// V and `VᵀHV`.
    lanczos: Lanczos<T, N, K>,
    /// Δ.
    radius: T,
    /// d.
    step: SVector<T, N>,
    /// The decrease of the model for d.
    promised: T,
    phase: Phase,
}

impl<T: Real, const N: usize, const K: usize> KrylovSaddleFreeState<T, N, K> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            best: Point::new(x),
            lanczos: Lanczos::new(0),
            radius: T::ZERO,
            step: linalg::zeros(),
            promised: T::ZERO,
            phase: Phase::Start,
        }
    }

    /// Δ, zero before the first step.
    #[must_use]
    pub const fn radius(&self) -> T {
        self.radius
    }
}

impl<T: Real, const N: usize, const K: usize, P> Method<P, KrylovSaddleFreeState<T, N, K>> for KrylovSaddleFree<T>
where
    P: HessianProducts<T, N>,
{
    fn step(&self, state: &mut KrylovSaddleFreeState<T, N, K>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = Point::measure(state.best.x, problem)?;
                    state.radius = self.initial_radius;
                    let status = start.open(&mut state.best, self.gradient_tolerance);
                    self.open(state, status)
                }
            }
            Phase::Product => {
                let mut product = linalg::zeros();
                problem.product(&state.best.x, &state.lanczos.question(), &mut product)?;
                if !linalg::all_finite(&product) {
                    Status::Stalled(Stall::NonFinite)
                } else if state.lanczos.answer(&product) {
                    self.propose(state)
                } else {
                    Status::Running
                }
            }
            Phase::Trial => {
                let trial = Point::measure(state.best.x + state.step, problem)?;
                let (promised, length, radius) = (state.promised, linalg::norm(&state.step), &mut state.radius);
                let accepts = |found| adapt_radius(found, promised, length, radius);
                match judge(&mut state.best, &trial, promised, accepts) {
                    Verdict::Nothing => Status::Stalled(Stall::NoDescent),
                    Verdict::Rejected => self.propose(state),
                    Verdict::Accepted => {
                        let status = state.best.status(self.gradient_tolerance);
                        self.open(state, status)
                    }
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real> KrylovSaddleFree<T> {
    /// Begins step 1, at a stationary point as well if the curvature counts.
    fn open<const N: usize, const K: usize>(
        &self,
        state: &mut KrylovSaddleFreeState<T, N, K>,
        status: Status,
    ) -> Status {
        let unsure = matches!(status, Status::Converged(_)) && self.curvature_tolerance.is_finite();
        if status != Status::Running && !unsure {
            return status;
        }
        state.lanczos.begin(&state.best.gradient, T::of_f64(0.1));
        state.phase = Phase::Product;
        Status::Running
    }

    /// Step 2.
    fn propose<const N: usize, const K: usize>(&self, state: &mut KrylovSaddleFreeState<T, N, K>) -> Status {
        let (lanczos, g) = (&state.lanczos, &state.best.gradient);
        let Eigen { values, vectors } = lanczos.ritz();
        let (least, place, largest) = lanczos.extremes(&values);
        let status = state.best.status(self.gradient_tolerance);
        if status != Status::Running {
            if least >= -self.curvature_tolerance * largest {
                return status;
            }
            state.step = lanczos.downward(&vectors, place, g) * state.radius;
            state.promised = -linalg::dot(&state.step, g) - T::HALF * least * state.radius.squared();
        } else {
            let inner = lanczos.coordinates(g);
            let outer = g - lanczos.expand(&inner);
            let (mut slopes, mut d) = (linalg::zeros(), linalg::zeros());
            multiply_adjoint(&vectors, &inner, &mut slopes);
            let scale = if largest > T::ZERO { largest } else { T::ONE };
            let y = values.zip_map(&slopes, |value, slope| -slope / value.abs().max(self.floor * scale));
            multiply(&vectors, &y, &mut d);
            let whole = lanczos.expand(&d) - outer / scale;
            let share = state.radius / linalg::norm(&whole);
            let share = if largest > T::ZERO { share.min(T::ONE) } else { share };
            let bend = y.zip_fold(&values, T::ZERO, |sum, y, value| sum + value * y.squared());
            let outside = linalg::dot(&outer, &outer) / scale;
            state.step = whole * share;
            state.promised = share * (outside - linalg::dot(&y, &slopes) - T::HALF * share * (bend + outside));
        }
        state.phase = Phase::Trial;
        if linalg::all_finite(&state.step) && state.best.x + state.step != state.best.x {
            Status::Running
        } else {
            Status::Stalled(Stall::NoDescent)
        }
    }
}

readable!(KrylovSaddleFreeState, K);
