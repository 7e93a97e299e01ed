//! Proximal gradient with backtracking: the smallest composite method, to read first.
//!
//! Minimizes `F = f + p`. One iteration, with `g = ∇f(x)` and the rate t:
//!
//! 1. try `z = prox_{t p}(x - t g)`;
//! 2. accept if `f(z) ≤ f(x) + ⟨g, z - x⟩ + ‖z - x‖²/(2t)`, else shorten t to what the values found, at least by half.
//!
//! Reference: Beck & Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems", 2009, section
//! 3 (ISTA with backtracking). F falls with every step, for nonconvex f and p alike. Memory: two vectors. One value with
//! gradient a trial; linear convergence at a rate that the conditioning sets, and identification of zeros on the way. Choose
//! an accelerated or a second-order method when the conditioning is bad.

use nalgebra::SVector;

use crate::composite::point::{Point, Verdict, inside, readable};
use crate::penalty::Penalty;
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the proximal gradient method.
///
/// ```
/// use thalweg::{Method, composite::ProximalGradient, penalty::{Each, L1}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![3.0, 0.2]; 0.5 * g.norm_squared() });
/// let method = ProximalGradient::new(Each(L1 { strength: 1.0 }));
/// let (state, status) = method.solve(vector![0.0_f64, 1.0], &mut distance, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && *state.x() == vector![2.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProximalGradient<T, R> {
    /// p.
    pub penalty: R,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The first rate tried. Positive; default 1.
    pub initial_rate: T,
    /// The factor of the rate after an accepted step. At least 1 and finite; default 1.1.
    pub growth: T,
}

impl<T: Real, R: Penalty<T>> ProximalGradient<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self { penalty, gap_tolerance: T::SQRT_EPSILON, initial_rate: T::ONE, growth: T::of_f64(1.1) }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        at_least(T::ONE, self.growth)?;
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at `prox(x - rate · gradient)`.
    Trial,
    Done(Status),
}

/// Memory of [`ProximalGradient`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct ProximalGradientState<T: Real, const N: usize> {
    /// x.
    best: Point<T, N>,
    /// `t`, zero before the first trial.
    rate: T,
    phase: Phase,
}

impl<T: Real, const N: usize> ProximalGradientState<T, N> {
    /// A memory at a starting point; one outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), rate: T::ZERO, phase: Phase::Start }
    }
}

impl<T: Real, const N: usize, R: Penalty<T>, P: Smooth<T, N>> Method<P, ProximalGradientState<T, N>>
    for ProximalGradient<T, R>
{
    fn step(&self, state: &mut ProximalGradientState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = inside(&self.penalty, &state.best.x, self.initial_rate);
                    let start = Point::measure(&self.penalty, start, problem)?;
                    state.rate = self.initial_rate;
                    state.phase = Phase::Trial;
                    start.open(&mut state.best, self.gap_tolerance)
                }
            }
            Phase::Trial => {
                let trial = state.best.forward_backward(&self.penalty, state.rate);
                if trial == state.best.x {
                    Status::Stalled(Stall::NoDescent)
                } else {
                    let trial = Point::measure(&self.penalty, trial, problem)?;
                    self.judge(state, &trial)
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, R: Penalty<T>> ProximalGradient<T, R> {
    /// Step 2, after the oracle's answer.
    fn judge<const N: usize>(&self, state: &mut ProximalGradientState<T, N>, trial: &Point<T, N>) -> Status {
        match state.best.judge(trial, state.rate) {
            Verdict::Fails(rate) => {
                state.rate = rate;
                return Status::Running;
            }
            Verdict::Hidden if !(trial.gap < state.best.gap) => {
                state.rate *= T::HALF;
                return Status::Running;
            }
            _ if trial.rises_above(&state.best) => {
                state.rate *= T::HALF;
                return Status::Running;
            }
            Verdict::Hidden | Verdict::Holds => state.rate *= self.growth,
        }
        trial.open(&mut state.best, self.gap_tolerance)
    }
}

readable!(ProximalGradientState);
