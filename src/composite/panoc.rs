//! PANOC and PANOC+: quasi-Newton steps on the residual of proximal gradient, kept safe by the forward-backward envelope.
//!
//! Minimizes `F = f + p`, nonconvex f and p included. One iteration, with the rate γ, at x:
//!
//! 1. `z = prox_{γ p}(x - γ ∇f(x))` and `r = x - z`, with a shorter γ until
//!    `f(z) ≤ f(x) - ⟨∇f(x), r⟩ + α ‖r‖²/(2γ)`; the memory of pairs is lost with a γ;
//! 2. `d = -H r` by the limited memory of pairs of x and r;
//! 3. `x⁺ = x - (1 - τ) r + τ d` with `τ = 1, ½, …` until `φ(x⁺) ≤ φ(x) - β (1 - α) ‖r‖²/(2γ)`, and at last with τ = 0, where
//!    `φ(x) = f(x) - ⟨∇f(x), r⟩ + ‖r‖²/(2γ) + p(z)`.
//!
//! The best z is returned, never x. Reference: Stella, Themelis, Sopasakis & Patrinos, "A simple and efficient algorithm for
//! nonlinear model predictive control", CDC 2017, algorithm 1; PANOC+, which tests γ inside the search of step 3 and so needs
//! ∇f to be Lipschitz only locally: de Marchi & Themelis, "Proximal gradient algorithms under local Lipschitz gradient
//! continuity", 2022, algorithm 2. Memory: seven vectors and two for each of the M pairs. Two gradients an iteration, at z and at
//! x⁺. The method to try first when Hessians are not at hand.

use nalgebra::SVector;

use crate::composite::point::{PATIENCE, Point, Verdict, inside, readable};
use crate::linalg::{self, Pairs};
use crate::penalty::Penalty;
use crate::problem::Smooth;
use crate::ranges::{at_least, fraction, tolerance};
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of PANOC.
///
/// ```
/// use thalweg::{Method, composite::{Panoc, PanocState}, penalty::{Each, L1}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![3.0, 0.2]; 0.5 * g.norm_squared() });
/// let method = Panoc::new(Each(L1 { strength: 1.0 }));
/// let mut state = PanocState::<f64, 2, 5>::new(vector![0.0, 1.0]);
/// let status = method.run(&mut state, &mut distance, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![2.0, 0.0]).norm() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Panoc<T, R> {
    /// p.
    pub penalty: R,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(z, ∇f(z)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The first γ. Positive; default 1.
    pub initial_rate: T,
    /// α, the share of `1/L` that γ takes. In (0, 1); default 0.95.
    pub relaxation: T,
    /// β, the share of the certain decrease that the search asks for. In (0, 1); default ½.
    pub sufficient_decrease: T,
    /// How often τ is halved before it is zero; with none the method is proximal gradient. Default 10.
    pub halvings: u32,
    /// Whether γ is tested inside the search (PANOC+). Default false.
    pub local: bool,
}

impl<T: Real, R: Penalty<T>> Panoc<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self {
            penalty,
            gap_tolerance: T::SQRT_EPSILON,
            initial_rate: T::ONE,
            relaxation: T::of_f64(0.95),
            sufficient_decrease: T::HALF,
            halvings: 10,
            local: false,
        }
    }

    /// PANOC+ with the default parameters.
    pub fn plus(penalty: R) -> Self {
        Self { local: true, ..Self::new(penalty) }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        fraction(self.relaxation)?;
        fraction(self.sufficient_decrease)?;
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at `prox(x - γ ∇f(x))`.
    Backward,
    /// Ask at x⁺.
    Search,
    Done(Status),
}

/// Memory of [`Panoc`] with M pairs.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct PanocState<T: Real, const N: usize, const M: usize = 5> {
    best: Point<T, N>,
    /// x, or x⁺ while its γ is tested.
    at: Point<T, N>,
    /// x of the last iteration whose search goes on or led to `at`.
    from: Point<T, N>,
    /// z of `from`.
    shadow: Point<T, N>,
    /// `φ` of `from`.
    envelope: T,
    /// γ of `from`, zero if there is none.
    from_rate: T,
    /// d of `from`.
    direction: SVector<T, N>,
    memory: Pairs<T, N, M>,
    /// γ.
    rate: T,
    /// τ.
    share: T,
    halved: u32,
    /// Steps since the best point last changed whose length rounding hides.
    fruitless: u32,
    phase: Phase,
}

impl<T: Real, const N: usize, const M: usize> PanocState<T, N, M> {
    /// A memory at a starting point; one outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        let start = Point::new(x);
        Self {
            best: start,
            at: start,
            from: start,
            shadow: start,
            envelope: T::INFINITY,
            from_rate: T::ZERO,
            direction: linalg::zeros(),
            memory: Pairs::new(),
            rate: T::ZERO,
            share: T::ONE,
            halved: 0,
            fruitless: 0,
            phase: Phase::Start,
        }
    }

    /// Goes on from a measured point without a past.
    fn restart(&mut self, at: Point<T, N>) {
        self.at = at;
        self.from_rate = T::ZERO;
        self.memory.clear();
        self.phase = Phase::Backward;
    }

    /// Rounding hides the way on: begin again at the best point, there with ever shorter steps.
    fn settle(&mut self, stuck: bool) -> Status {
        if self.at.x != self.best.x {
            self.restart(self.best);
        } else if stuck {
            return Status::Stalled(Stall::NoDescent);
        } else {
            self.rate *= T::HALF;
        }
        Status::Running
    }
}

impl<T: Real, const N: usize, const M: usize, R: Penalty<T>, P: Smooth<T, N>> Method<P, PanocState<T, N, M>>
    for Panoc<T, R>
{
    fn step(&self, state: &mut PanocState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
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
            Phase::Backward => {
                let z = state.at.forward_backward(&self.penalty, state.rate);
                if z == state.at.x {
                    state.settle(true)
                } else {
                    let z = Point::measure(&self.penalty, z, problem)?;
                    self.judge(state, &z)
                }
            }
            Phase::Search => {
                let residual = state.from.x - state.shadow.x;
                let trial = state.shadow.x + (state.direction + residual) * state.share;
                let trial = Point::measure(&self.penalty, trial, problem)?;
                state.at = trial;
                if trial.is_smooth() && self.descends(state) {
                    state.phase = Phase::Backward;
                } else {
                    self.shorten(state);
                }
                Status::Running
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, R: Penalty<T>> Panoc<T, R> {
    /// Steps 1 and 2, after the oracle's answer at z.
    fn judge<const N: usize, const M: usize>(&self, state: &mut PanocState<T, N, M>, z: &Point<T, N>) -> Status {
        let verdict = state.at.judge(z, state.rate / self.relaxation);
        if let Verdict::Fails(rate) = verdict {
            state.rate = rate * self.relaxation;
            state.memory.clear();
            if self.local && state.from_rate > T::ZERO && !self.descends(state) {
                self.shorten(state);
            }
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
        let residual = state.at.x - z.x;
        if state.from_rate == state.rate {
            let change = residual - (state.from.x - state.shadow.x);
            state.memory.push(state.at.x - state.from.x, change);
        }
        state.envelope = state.at.envelope(&self.penalty, state.rate);
        (state.from, state.shadow, state.from_rate) = (state.at, *z, state.rate);
        (state.share, state.halved) = (T::ONE, 0);
        linalg::negate(&state.memory.apply(&residual), &mut state.direction);
        if self.halvings == 0 || state.memory.is_empty() {
            state.at = state.shadow;
            state.phase = Phase::Backward;
        } else {
            state.phase = Phase::Search;
        }
        Status::Running
    }

    /// The test of step 3.
    fn descends<const N: usize, const M: usize>(&self, state: &PanocState<T, N, M>) -> bool {
        let residual = state.from.x - state.shadow.x;
        let wanted = self.sufficient_decrease * (T::ONE - self.relaxation) * linalg::dot(&residual, &residual)
            / (T::TWO * state.from_rate);
        let slack = T::of_f64(10.0) * T::EPSILON * (T::ONE + state.envelope.abs());
        state.at.envelope(&self.penalty, state.rate) <= state.envelope - wanted + slack
    }

    /// A smaller τ, at last zero: then x⁺ is z, which is known.
    fn shorten<const N: usize, const M: usize>(&self, state: &mut PanocState<T, N, M>) {
        state.halved = state.halved.saturating_add(1);
        state.share *= T::HALF;
        if state.halved < self.halvings {
            state.phase = Phase::Search;
        } else {
            state.at = state.shadow;
            state.phase = Phase::Backward;
        }
    }
}

readable!(PanocState, M);
