//! Proximal Newton: second-order steps for separable penalties.
//!
//! Minimizes `F = f + p`. One iteration, with `g = ∇f(x)`, `H = ∇²f(x)` and a damping μ:
//!
//! 1. `w ≈ argmin ⟨g, w - x⟩ + ½ (w - x)ᵀ(H + μI)(w - x) + p(w)` by coordinate descent, until its gap is a fraction of that of x;
//! 2. accept if `F(w)` keeps a share of the promised decrease, and adapt μ, which is zero in the end; else raise μ.
//!
//! Reference: Lee, Sun & Saunders, "Proximal Newton-type methods for minimizing composite functions", 2014, algorithm 1; the
//! search along the line is one over μ, which keeps the zeros of w and holds where H is indefinite: Levenberg's way. Memory: two
//! matrices and eight vectors. One Hessian an iteration; N² operations a sweep, a bounded number of sweeps a step, continued over
//! steps without a call. On a quadratic f a single subproblem is the whole solve: exact coordinate descent with a maintained
//! gradient. Choose it for small N whenever Hessians are at hand; quadratic convergence once the zeros are found.

use nalgebra::SVector;

use crate::composite::point::{Point, inside, readable};
use crate::composite::subproblem::{Subproblem, Trial};
use crate::linalg;
use crate::penalty::Separable;
use crate::problem::Curved;
use crate::ranges::tolerance;
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the proximal Newton method.
///
/// ```
/// use thalweg::{Method, composite::ProximalNewton, penalty::{Each, L1}, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut cost = Quadratic { hessian: matrix![2.0, 1.0; 1.0, 2.0], linear: vector![-3.0, -1.0], constant: 0.0 };
/// let method = ProximalNewton::new(Each(L1 { strength: 0.5 }));
/// let (state, status) = method.solve(vector![0.0_f64, 0.0], &mut cost, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && *state.x() == vector![1.25, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProximalNewton<T, R> {
    /// p.
    pub penalty: R,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The gap of the subproblem as a fraction of that of x; half of the tolerance is always enough. Zero or more; default 10⁻³.
    pub forcing: T,
    /// Sweeps a step. Zero counts as one; default 10.
    pub sweeps: u32,
    /// Sweeps a subproblem; what is found by then is tried. Default 1000.
    pub sweep_limit: u32,
}

impl<T: Real, R: Separable<T>> ProximalNewton<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self { penalty, gap_tolerance: T::SQRT_EPSILON, forcing: T::of_f64(1e-3), sweeps: 10, sweep_limit: 1000 }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        tolerance(self.forcing)?;
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

/// Memory of [`ProximalNewton`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct ProximalNewtonState<T: Real, const N: usize> {
    /// x.
    best: Point<T, N>,
    model: Subproblem<T, N>,
    phase: Phase,
}

impl<T: Real, const N: usize> ProximalNewtonState<T, N> {
    /// A memory at a starting point; one outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), model: Subproblem::new(), phase: Phase::Start }
    }
}

impl<T: Real, const N: usize, R: Separable<T>, P: Curved<T, N>> Method<P, ProximalNewtonState<T, N>>
    for ProximalNewton<T, R>
{
    fn step(&self, state: &mut ProximalNewtonState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let (mut gradient, mut hessian) = (linalg::zeros(), linalg::zeros());
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = inside(&self.penalty, &state.best.x, T::ONE);
                    let smooth = problem.hessian(&start, &mut gradient, &mut hessian)?;
                    let start = Point::of(&self.penalty, start, smooth, gradient);
                    state.model.matrix = hessian;
                    let status = start.open(&mut state.best, self.gap_tolerance);
                    if status == Status::Running { self.open(state) } else { status }
                }
            }
            Phase::Solve => self.solve(state),
            Phase::Trial => {
                let smooth = problem.hessian(&state.model.point, &mut gradient, &mut hessian)?;
                let trial = Point::of(&self.penalty, state.model.point, smooth, gradient);
                match state.model.judge(&mut state.best, &trial) {
                    Trial::Nothing => Status::Stalled(Stall::NoDescent),
                    Trial::Rejected => self.open(state),
                    Trial::Accepted => {
                        state.model.matrix = hessian;
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

impl<T: Real, R: Separable<T>> ProximalNewton<T, R> {
    /// Step 1, its beginning.
    fn open<const N: usize>(&self, state: &mut ProximalNewtonState<T, N>) -> Status {
        if !state.model.matrix.iter().all(|h| h.is_finite()) {
            return Status::Stalled(Stall::NonFinite);
        }
        state.model.open(&state.best);
        self.solve(state)
    }

    /// Step 1, as far as one step goes.
    fn solve<const N: usize>(&self, state: &mut ProximalNewtonState<T, N>) -> Status {
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

readable!(ProximalNewtonState);
