//! FISTA: proximal gradient with Nesterov's momentum, restarted where the momentum no longer helps.
//!
//! Minimizes `F = f + p` for convex f and p. One iteration, with the extrapolated point y and the rate t:
//!
//! 1. `z = prox_{t p}(y - t ∇f(y))`, with a shorter t until `f(z) ≤ f(y) + ⟨∇f(y), z - y⟩ + ‖z - y‖²/(2t)`;
//! 2. `θ′ = (1 + √(1 + 4θ²))/2` and `y = z + (θ - 1)/θ′ (z - x)`, then `x = z`, `θ = θ′`;
//! 3. on a restart `y = z` and `θ = 1`.
//!
//! Reference: Beck & Teboulle, "A fast iterative shrinkage-thresholding algorithm", 2009, section 4; MFISTA: the same authors,
//! "Fast gradient-based algorithms for constrained total variation image denoising", 2009, section V; restarts: O'Donoghue &
//! Candès, "Adaptive restart for accelerated gradient schemes", 2015, section 3.2. `F(x) - F* ≤ 2 ‖x₀ - x*‖²/(t (k + 1)²)`. Memory:
//! six vectors. Two gradients an iteration, at y and at z; one after a restart. Choose it over [`ProximalGradient`](crate::composite::ProximalGradient)
//! when f is convex and badly conditioned; over [`Panoc`](crate::composite::Panoc) when N is too large for a memory of pairs.

use nalgebra::SVector;

use crate::composite::point::{PATIENCE, Point, Verdict, inside, readable};
use crate::linalg;
use crate::penalty::Penalty;
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// What keeps the momentum in check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Restart {
    /// Nothing: the method as first published.
    Never,
    /// A restart where the momentum points uphill, `⟨y - z, z - x⟩ > 0`.
    #[default]
    Gradient,
    /// A restart where the value rises, `F(z) > F(x)`.
    Value,
    /// MFISTA: x stays where the value would rise, and y leans towards z.
    Monotone,
}

/// Parameters of FISTA.
///
/// ```
/// use thalweg::{Method, composite::Fista, penalty::{Each, L1}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![3.0, 0.2]; 0.5 * g.norm_squared() });
/// let method = Fista::new(Each(L1 { strength: 1.0 }));
/// let (state, status) = method.solve(vector![0.0_f64, 1.0], &mut distance, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && *state.x() == vector![2.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fista<T, R> {
    /// p, convex.
    pub penalty: R,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The first rate tried. Positive; default 1.
    pub initial_rate: T,
    /// The factor of the rate at a restart; between restarts the rate must not grow. At least 1 and finite; default 1.1.
    pub growth: T,
    /// The factor of the momentum `(θ - 1)/θ′`: 1 is FISTA, 0 is proximal gradient. Between 0 and 1; default 1.
    pub inertia: T,
    /// What keeps the momentum in check; default [`Restart::Gradient`].
    pub restart: Restart,
}

impl<T: Real, R: Penalty<T>> Fista<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self {
            penalty,
            gap_tolerance: T::SQRT_EPSILON,
            initial_rate: T::ONE,
            growth: T::of_f64(1.1),
            inertia: T::ONE,
            restart: Restart::Gradient,
        }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        at_least(T::ONE, self.growth)?;
        if !(self.inertia >= T::ZERO && self.inertia <= T::ONE) {
            return Err(ConfigError::Fraction);
        }
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at the extrapolated point.
    Extrapolated,
    /// Ask at `prox(y - rate · ∇f(y))`.
    Trial,
    Done(Status),
}

/// Memory of [`Fista`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct FistaState<T: Real, const N: usize> {
    best: Point<T, N>,
    /// x.
    last: Point<T, N>,
    /// y.
    ahead: Point<T, N>,
    /// t.
    rate: T,
    /// θ.
    momentum: T,
    /// Steps since the best point last changed whose length rounding hides.
    fruitless: u32,
    phase: Phase,
}

impl<T: Real, const N: usize> FistaState<T, N> {
    /// A memory at a starting point; one outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        let start = Point::new(x);
        Self {
            best: start,
            last: start,
            ahead: start,
            rate: T::ZERO,
            momentum: T::ONE,
            fruitless: 0,
            phase: Phase::Start,
        }
    }

    /// Begins again without momentum.
    const fn restart(&mut self, at: Point<T, N>) {
        self.last = at;
        self.ahead = at;
        self.momentum = T::ONE;
        self.phase = Phase::Trial;
    }

    /// Rounding hides the way on: begin again at the best point, there with ever shorter steps.
    fn settle(&mut self, stuck: bool) -> Status {
        if self.ahead.x != self.best.x {
            self.restart(self.best);
        } else if stuck {
            return Status::Stalled(Stall::NoDescent);
        } else {
            self.rate *= T::HALF;
        }
        Status::Running
    }
}

impl<T: Real, const N: usize, R: Penalty<T>, P: Smooth<T, N>> Method<P, FistaState<T, N>> for Fista<T, R> {
    fn step(&self, state: &mut FistaState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = inside(&self.penalty, &state.best.x, self.initial_rate);
                    let start = Point::measure(&self.penalty, start, problem)?;
                    state.rate = self.initial_rate;
                    let status = start.open(&mut state.best, self.gap_tolerance);
                    state.restart(state.best);
                    status
                }
            }
            Phase::Extrapolated => {
                let ahead = Point::measure(&self.penalty, state.ahead.x, problem)?;
                if ahead.is_smooth() {
                    ahead.improve(&mut state.best);
                    state.ahead = ahead;
                    state.phase = Phase::Trial;
                } else {
                    state.restart(state.last);
                }
                state.best.status(self.gap_tolerance)
            }
            Phase::Trial => {
                let trial = state.ahead.forward_backward(&self.penalty, state.rate);
                if trial == state.ahead.x {
                    state.settle(true)
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

impl<T: Real, R: Penalty<T>> Fista<T, R> {
    /// Steps 1 to 3, after the oracle's answer at z.
    fn judge<const N: usize>(&self, state: &mut FistaState<T, N>, z: &Point<T, N>) -> Status {
        let verdict = state.ahead.judge(z, state.rate);
        if let Verdict::Fails(rate) = verdict {
            state.rate = rate;
            return Status::Running;
        }
        let better = z.improve(&mut state.best);
        let status = state.best.status(self.gap_tolerance);
        if status != Status::Running {
            return status;
        }
        if better {
            state.fruitless = 0;
        } else if verdict == Verdict::Hidden {
            state.fruitless = state.fruitless.saturating_add(1);
            if state.fruitless > PATIENCE {
                return state.settle(false);
            }
        }
        let uphill = match self.restart {
            Restart::Gradient => linalg::dot(&(state.ahead.x - z.x), &(z.x - state.last.x)) > T::ZERO,
            Restart::Value => state.last.beats(z),
            Restart::Never | Restart::Monotone => false,
        };
        if uphill || self.inertia == T::ZERO {
            state.rate *= self.growth;
            state.restart(*z);
        } else {
            self.extrapolate(state, z);
        }
        Status::Running
    }

    /// Step 2.
    fn extrapolate<const N: usize>(&self, state: &mut FistaState<T, N>, z: &Point<T, N>) {
        let before = state.momentum;
        state.momentum = T::HALF * (T::ONE + (T::ONE + T::of_f64(4.0) * before.squared()).sqrt());
        let pull = self.inertia * (before - T::ONE) / state.momentum;
        let rises = state.last.beats(z);
        if self.restart == Restart::Monotone && rises {
            state.ahead.x = state.last.x + (z.x - state.last.x) * (before / state.momentum);
        } else {
            state.ahead.x = z.x + (z.x - state.last.x) * pull;
            state.last = *z;
        }
        state.phase = Phase::Extrapolated;
        if state.ahead.x == state.last.x {
            // No momentum yet: what the oracle said of x holds for y.
            state.ahead = state.last;
            state.phase = Phase::Trial;
        }
    }
}

readable!(FistaState);
