//! Proximal quasi-Newton: second-order steps for separable penalties from gradients alone.
//!
//! Minimizes `F = f + p`. One iteration, with `g = ∇f(x)`, a positive definite B and a damping μ:
//!
//! 1. `w ≈ argmin ⟨g, w - x⟩ + ½ (w - x)ᵀ(B + μI)(w - x) + p(w)` by coordinate descent, until its gap is a fraction of that of x;
//! 2. accept if `F(w)` keeps a share of the promised decrease, and adapt μ, which is zero in the end; else raise μ;
//! 3. update B by `s = w - x` and `y = ∇f(w) - ∇f(x)`, accepted or not, with y damped to `⟨s, y⟩ ≥ 0.2 sᵀB s` (BFGS).
//!
//! Reference: Lee, Sun & Saunders, "Proximal Newton-type methods for minimizing composite functions", 2014, algorithm 1; the
//! damped update: Nocedal & Wright, Numerical Optimization, 2nd ed., procedure 18.2, and its scaled start, eq. 6.20. Memory: one
//! matrix and eight vectors. One gradient an iteration; N² operations a sweep and an update. Superlinear once the zeros are found.
//! Choose it for small N without Hessians; [`Panoc`](crate::composite::Panoc) for penalties that are not separable or large N.

use nalgebra::SVector;

use crate::composite::point::{Point, inside, readable};
use crate::composite::subproblem::{Subproblem, Trial};
use crate::linalg::{self, matrix};
use crate::penalty::Separable;
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the proximal quasi-Newton method.
///
/// ```
/// use thalweg::{Method, composite::ProximalQuasiNewton, penalty::{Each, L1}, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut cost = Quadratic { hessian: matrix![2.0, 1.0; 1.0, 2.0], linear: vector![-3.0, -1.0], constant: 0.0 };
/// let method = ProximalQuasiNewton::new(Each(L1 { strength: 0.5 }));
/// let (state, status) = method.solve(vector![0.0_f64, 0.0], &mut cost, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.25, 0.0]).norm() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProximalQuasiNewton<T, R> {
    /// p.
    pub penalty: R,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The gap of the subproblem as a fraction of that of x; half of the tolerance is always enough. Zero or more; default 10⁻³.
    pub forcing: T,
    /// The inverse of the first B. Positive; default 1.
    pub initial_rate: T,
    /// Sweeps a step. Zero counts as one; default 10.
    pub sweeps: u32,
    /// Sweeps a subproblem; what is found by then is tried. Default 1000.
    pub sweep_limit: u32,
}

impl<T: Real, R: Separable<T>> ProximalQuasiNewton<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self {
            penalty,
            gap_tolerance: T::SQRT_EPSILON,
            forcing: T::of_f64(1e-3),
            initial_rate: T::ONE,
            sweeps: 10,
            sweep_limit: 1000,
        }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        tolerance(self.forcing)?;
        at_least(T::ZERO, self.initial_rate)?;
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Sweep over the subproblem.
    Solve,
    /// Ask at w.
    Trial,
    Done(Status),
}

/// Memory of [`ProximalQuasiNewton`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct ProximalQuasiNewtonState<T: Real, const N: usize> {
    /// x.
    best: Point<T, N>,
    /// The model with B.
    model: Subproblem<T, N>,
    /// Whether B has seen a curvature.
    scaled: bool,
    phase: Phase,
}

impl<T: Real, const N: usize> ProximalQuasiNewtonState<T, N> {
    /// A memory at a starting point; one outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), model: Subproblem::new(), scaled: false, phase: Phase::Start }
    }
}

impl<T: Real, const N: usize, R: Separable<T>, P: Smooth<T, N>> Method<P, ProximalQuasiNewtonState<T, N>>
    for ProximalQuasiNewton<T, R>
{
    fn step(&self, state: &mut ProximalQuasiNewtonState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = inside(&self.penalty, &state.best.x, T::ONE);
                    let start = Point::measure(&self.penalty, start, problem)?;
                    let stiffness = T::ONE / self.initial_rate;
                    state.model.matrix = matrix(|i, j| if i == j { stiffness } else { T::ZERO });
                    let status = start.open(&mut state.best, self.gap_tolerance);
                    if status == Status::Running { self.open(state) } else { status }
                }
            }
            Phase::Solve => self.solve(state),
            Phase::Trial => {
                let trial = Point::measure(&self.penalty, state.model.point, problem)?;
                let (s, y) = (trial.x - state.best.x, trial.gradient - state.best.gradient);
                let verdict = state.model.judge(&mut state.best, &trial);
                linalg::damped_update(&mut state.model.matrix, &mut state.scaled, &s, &y);
                match verdict {
                    Trial::Nothing => Status::Stalled(Stall::NoDescent),
                    Trial::Rejected => self.open(state),
                    Trial::Accepted => {
                        let status = state.best.status(self.gap_tolerance);
                        if status == Status::Running { self.open(state) } else { status }
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

impl<T: Real, R: Separable<T>> ProximalQuasiNewton<T, R> {
    /// Step 1, its beginning.
    fn open<const N: usize>(&self, state: &mut ProximalQuasiNewtonState<T, N>) -> Status {
        state.model.open(&state.best);
        self.solve(state)
    }

    /// Step 1, as far as one step goes.
    fn solve<const N: usize>(&self, state: &mut ProximalQuasiNewtonState<T, N>) -> Status {
        let enough = T::HALF * self.gap_tolerance * state.best.magnitude();
        let target = enough.max(self.forcing * state.best.gap);
        let solved = state.model.solve(&self.penalty, target, self.sweeps.max(1), self.sweep_limit);
        state.phase = if solved { Phase::Trial } else { Phase::Solve };
        if solved && state.model.point == state.best.x {
            return Status::Stalled(Stall::NoDescent);
        }
        Status::Running
    }
}

readable!(ProximalQuasiNewtonState);
