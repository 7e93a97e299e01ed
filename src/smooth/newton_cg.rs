//! Newton's method in a trust region by conjugate gradients: products with the Hessian instead of the Hessian.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)` and a radius Δ, from `p = 0`, `r = g`, `d = -g`:
//!
//! 1. `c = dᵀHd`, `α = ‖r‖²/c`; if `c ≤ 0` or `‖p + αd‖ ≥ Δ`, p goes on along d to the boundary and is done;
//! 2. `p ← p + αd`, `r⁺ = r + αHd`, `d ← -r⁺ + (‖r⁺‖²/‖r‖²) d`; done if `‖r⁺‖ ≤ min(½, √‖g‖) ‖g‖`;
//! 3. the share `ρ` of the promised decrease adapts Δ and decides as in [`NewtonTrustRegion`](crate::smooth::NewtonTrustRegion).
//!
//! Reference: Steihaug, "The conjugate gradient method and trust regions in large scale optimization", 1983; Nocedal & Wright,
//! Numerical Optimization, 2nd ed., algorithm 7.2. Memory: six vectors. A product a step, a gradient a trial; at most 2N products an
//! iteration. Converges superlinearly; leaves saddles near which it is started, but stays at one where `g = 0`: choose
//! [`KrylovSaddleFree`](crate::smooth::KrylovSaddleFree) for a check of the curvature.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::HessianProducts;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::point::{Point, readable};
use crate::smooth::trust_region::{Verdict, adapt_radius, judge};
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the Newton conjugate gradient method.
///
/// ```
/// use thalweg::{Method, Number, smooth::NewtonCg, problem::{Forward, Function}};
/// struct Valley; // a user writes only f
/// impl Function<f64, 2> for Valley {
///     fn value<D: Number<Scalar = f64>>(&self, &[x, y]: &[D; 2]) -> D { (y - x * x).powi(2).scale(100.0) + x.offset(-1.0).powi(2) }
/// }
/// let (state, _) = NewtonCg::default().solve(nalgebra::vector![-1.2, 1.0], &mut Forward(Valley), 1000).unwrap();
/// assert!((state.x() - nalgebra::vector![1.0, 1.0]).norm() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NewtonCg<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the
    /// start. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// The first Δ. Positive; default 1.
    pub initial_radius: T,
}

impl<T: Real> Default for NewtonCg<T> {
    fn default() -> Self {
        Self { gradient_tolerance: T::SQRT_EPSILON, initial_radius: T::ONE }
    }
}

impl<T: Real> NewtonCg<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.initial_radius)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask for Hd.
    Product,
    /// Ask at x + p.
    Trial,
    Done(Status),
}

/// Memory of [`NewtonCg`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct NewtonCgState<T: Real, const N: usize> {
    /// x.
    best: Point<T, N>,
    /// Δ.
    radius: T,
    /// p.
    step: SVector<T, N>,
    /// r, the gradient of the model at p.
    residual: SVector<T, N>,
    /// d.
    direction: SVector<T, N>,
    /// Products since p was zero.
    products: usize,
    phase: Phase,
}

impl<T: Real, const N: usize> NewtonCgState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            best: Point::new(x),
            radius: T::ZERO,
            step: linalg::zeros(),
            residual: linalg::zeros(),
            direction: linalg::zeros(),
            products: 0,
            phase: Phase::Start,
        }
    }

    /// Δ, zero before the first step.
    #[must_use]
    pub const fn radius(&self) -> T {
        self.radius
    }

    /// Begins an iteration.
    fn open(&mut self) -> Status {
        self.step = linalg::zeros();
        self.residual = self.best.gradient;
        self.direction = -self.best.gradient;
        self.products = 0;
        self.phase = Phase::Product;
        Status::Running
    }

    /// The length τ with `‖p + τd‖ = Δ`.
    fn to_boundary(&self) -> T {
        let (p, d) = (&self.step, &self.direction);
        let (done, length) = (linalg::norm(p), linalg::norm(d));
        let along = linalg::dot(p, &(d / length));
        let (near, far) = ((self.radius - done).max(T::ZERO), self.radius + done);
        let root = along.hypot(near.sqrt() * far.sqrt());
        let rest = if along > T::ZERO { near * (far / (along + root)) } else { root - along };
        rest / length
    }

    /// Steps 1 and 2, after the oracle's answer.
    fn extend(&mut self, product: &SVector<T, N>) -> Status {
        if !linalg::all_finite(product) {
            return Status::Stalled(Stall::NonFinite);
        }
        let bend = linalg::dot(&self.direction, product);
        let before = linalg::dot(&self.residual, &self.residual);
        let rate = before / bend;
        let inside = bend > T::ZERO && linalg::norm(&(self.step + self.direction * rate)) < self.radius;
        let rate = if inside { rate } else { self.to_boundary() };
        self.step += self.direction * rate;
        self.residual += product * rate;
        self.products = self.products.saturating_add(1);
        let (after, force) = (linalg::dot(&self.residual, &self.residual), linalg::norm(&self.best.gradient));
        let enough = force.sqrt().min(T::HALF) * force;
        if inside && after.sqrt() > enough && self.products < N.saturating_mul(2) {
            self.direction = self.direction * (after / before) - self.residual;
            return Status::Running;
        }
        self.phase = Phase::Trial;
        if linalg::all_finite(&self.step) && self.best.x + self.step != self.best.x {
            Status::Running
        } else {
            Status::Stalled(Stall::NoDescent)
        }
    }

    /// Step 3, after the oracle's answer.
    fn measured(&mut self, trial: &Point<T, N>, gradient_tolerance: T) -> Status {
        let promised = -T::HALF * linalg::dot(&self.step, &(self.best.gradient + self.residual));
        let (length, radius) = (linalg::norm(&self.step), &mut self.radius);
        let verdict = judge(&mut self.best, trial, promised, |found| adapt_radius(found, promised, length, radius));
        if verdict == Verdict::Nothing {
            return Status::Stalled(Stall::NoDescent);
        }
        let status = self.best.status(gradient_tolerance);
        if status == Status::Running { self.open() } else { status }
    }
}

impl<T: Real, const N: usize, P: HessianProducts<T, N>> Method<P, NewtonCgState<T, N>> for NewtonCg<T> {
    fn step(&self, state: &mut NewtonCgState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = Point::measure(state.best.x, problem)?;
                    state.radius = self.initial_radius;
                    let status = start.open(&mut state.best, self.gradient_tolerance);
                    if status == Status::Running { state.open() } else { status }
                }
            }
            Phase::Product => {
                let mut product = linalg::zeros();
                problem.product(&state.best.x, &state.direction, &mut product)?;
                state.extend(&product)
            }
            Phase::Trial => {
                let trial = Point::measure(state.best.x + state.step, problem)?;
                state.measured(&trial, self.gradient_tolerance)
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

readable!(NewtonCgState);
