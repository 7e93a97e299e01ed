//! Perturbed gradient descent: a random kick where the gradient vanishes, to leave saddles.
//!
//! Minimizes a smooth `f`. One iteration, with the rate t:
//!
//! 1. `x⁺ = x - t ∇f(x)` while the gradient is not small;
//! 2. where it is small, `x̃ = x` and `x⁺ = x + ξ` with ξ uniform in a ball, then `escape_budget` iterations of 1;
//! 3. if f has fallen by less than `escape_decrease` below `f(x̃)` then, x̃ was no saddle: the solve ends at the best point.
//!
//! With a rate `c/L`, a budget of order `L/√(ρε)` and Hessians that are Lipschitz with ρ, a point with `‖∇f‖ ≤ ε` and no
//! curvature below `-√(ρε)` is found with high probability in about `L (f(x₀) - f*)/ε²` iterations up to logarithms.
//!
//! Reference: Jin, Ge, Netrapalli, Kakade & Jordan, "How to escape saddle points efficiently", 2017, algorithm 2; its constants
//! are parameters here. Memory: two points and a vector. One gradient an iteration. The generator is part of the memory: the same
//! seed, the same solve. Choose it where saddles are feared and there are no second derivatives.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::random::Generator;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of perturbed gradient descent.
///
/// ```
/// use thalweg::{Method, smooth::PerturbedDescent, problem::gradient_fn};
/// use nalgebra::{SVector, vector};
/// let mut saddle = gradient_fn(|x: &SVector<f64, 2>, g| { *g = vector![x[0], x[1].powi(3) - x[1]]; 0.5 * (x[0] * x[0] - x[1] * x[1]) + 0.25 * x[1].powi(4) });
/// let (state, status) = PerturbedDescent::new(0.1).solve(vector![1.0_f64, 0.0], &mut saddle, 1000).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.value() + 0.25).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PerturbedDescent<T> {
    /// t. Positive. After a point where f is not finite the solve goes on from the best point with half the rate.
    pub rate: T,
    /// The radius of the ball. Positive; default 0.01.
    pub radius: T,
    /// The iterations that a kick is given to lead away. Default 50.
    pub escape_budget: u32,
    /// By how much f must then have fallen. Positive; default √ε.
    pub escape_decrease: T,
    /// Whether a gradient is small, and [`Criterion::Gradient`](crate::Criterion::Gradient) at the end:
    /// `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> PerturbedDescent<T> {
    /// The default parameters with a rate.
    pub fn new(rate: T) -> Self {
        Self {
            rate,
            radius: T::of_f64(0.01),
            escape_budget: 50,
            escape_decrease: T::SQRT_EPSILON,
            gradient_tolerance: T::SQRT_EPSILON,
            patience: PATIENCE,
        }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.rate)?;
        at_least(T::ZERO, self.radius)?;
        at_least(T::ZERO, self.escape_decrease)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stage {
    /// Ask at `x - t ∇f(x)`.
    Descend,
    /// Ask at `x̃ + ξ`.
    Kick,
    /// As Descend, so many iterations after a kick.
    Escape(u32),
    /// As Descend, from the best point to the end.
    Settle,
}

/// Memory of [`PerturbedDescent`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct PerturbedDescentState<T: Real, const N: usize> {
    /// x, and the best of them.
    walk: Walk<T, N>,
    /// ξ.
    kick: SVector<T, N>,
    /// `f(x̃)`.
    level: T,
    /// What ξ is drawn from.
    generator: Generator,
    stage: Stage,
}

impl<T: Real, const N: usize> PerturbedDescentState<T, N> {
    /// A memory at a starting point with seed 1.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self::seeded(x, 1)
    }

    /// As [`new`](Self::new), with a seed of the kicks.
    #[must_use]
    pub const fn seeded(x: SVector<T, N>, seed: u64) -> Self {
        Self {
            walk: Walk::new(x),
            kick: linalg::zeros(),
            level: T::INFINITY,
            generator: Generator::new(seed),
            stage: Stage::Descend,
        }
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, PerturbedDescentState<T, N>> for PerturbedDescent<T> {
    fn step(&self, state: &mut PerturbedDescentState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, PerturbedDescentState<T, N>> for PerturbedDescent<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut PerturbedDescentState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    /// A small gradient alone is no end.
    fn status(&self, _: &Point<T, N>) -> Status {
        Status::Running
    }

    fn halt(&self, best: &Point<T, N>) -> Status {
        match best.status(self.gradient_tolerance) {
            Status::Running => Status::Stalled(Stall::NoDescent),
            status => status,
        }
    }

    fn depart(&self, state: &mut PerturbedDescentState<T, N>) {
        self.look(state);
    }

    fn next(&self, state: &PerturbedDescentState<T, N>) -> SVector<T, N> {
        let Walk { at, caution, .. } = &state.walk;
        if state.stage == Stage::Kick { at.x + state.kick } else { at.x - at.gradient * (self.rate * *caution) }
    }

    fn arrive(&self, state: &mut PerturbedDescentState<T, N>, point: Point<T, N>) -> Status {
        state.walk.at = point;
        match state.stage {
            Stage::Descend => self.look(state),
            Stage::Kick => state.stage = Stage::Escape(0),
            Stage::Escape(done) if done < self.escape_budget => state.stage = Stage::Escape(done.saturating_add(1)),
            Stage::Escape(_) if state.level - point.value >= self.escape_decrease => self.look(state),
            Stage::Escape(_) => {
                state.walk.at = state.walk.best;
                state.stage = Stage::Settle;
                return state.walk.best.status(self.gradient_tolerance);
            }
            Stage::Settle => return state.walk.best.status(self.gradient_tolerance),
        }
        Status::Running
    }
}

walked!(PerturbedDescentState);

impl<T: Real> PerturbedDescent<T> {
    /// Step 2, where the gradient is small.
    fn look<const N: usize>(&self, state: &mut PerturbedDescentState<T, N>) {
        let at = state.walk.at.beside(&state.walk.best);
        state.stage = if at.status(self.gradient_tolerance) == Status::Running {
            Stage::Descend
        } else {
            state.kick = state.generator.in_ball() * (self.radius * state.walk.caution);
            state.level = at.value;
            Stage::Kick
        };
    }
}
