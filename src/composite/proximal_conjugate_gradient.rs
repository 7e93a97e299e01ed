//! Proximal nonlinear conjugate gradient: Hager and Zhang's directions on the residual of proximal gradient.
//!
//! Minimizes `F = f + p` for convex p. One iteration, with the rate ρ below `1/L`, at x:
//!
//! 1. `z = prox_{ρ p}(x - ρ ∇f(x))`, `s = x - z`, with a shorter ρ where z shows that L is larger;
//! 2. `y = s - s₋`, `b = ⟨y - 2d ‖y‖²/⟨d, y⟩, s⟩/⟨d, y⟩`, `b̄ = max(b, -1/(‖d‖ min(η, ‖s₋‖)))`, `d = -s + b̄ d`;
//! 3. `x⁺ = x + α d` with `⟨s(x + α d), d⟩ ≈ 0` by secants within a bracket;
//! 4. `x⁺ = z` where d points uphill, or where the forward-backward envelope of x⁺ is above that of x.
//!
//! The best z is returned, never x. Reference: Yang, Asgharian & Greenwood, "Maximum Tsallis entropy distributions for robust and
//! efficient sparse learning from correlated data", algorithm 3; the directions: Hager & Zhang, "A new conjugate gradient method with
//! guaranteed descent and an efficient line search", 2005, eq. 1.3 to 1.6; step 4 is a safeguard of this crate. Memory: eight
//! vectors. Two gradients an iteration, and one for each secant. Choose it over [`Panoc`](crate::composite::Panoc) where no pairs
//! can be kept.

use nalgebra::SVector;

use crate::composite::point::{PATIENCE, Point, Verdict, inside, readable};
use crate::linalg;
use crate::penalty::Penalty;
use crate::problem::Smooth;
use crate::ranges::{at_least, fraction, tolerance};
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the proximal conjugate gradient method.
///
/// ```
/// use thalweg::{Method, composite::ProximalConjugateGradient, penalty::{Each, L1}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![3.0, 0.2]; 0.5 * g.norm_squared() });
/// let method = ProximalConjugateGradient::new(Each(L1 { strength: 1.0 }));
/// let (state, status) = method.solve(vector![0.0_f64, 1.0], &mut distance, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![2.0, 0.0]).norm() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProximalConjugateGradient<T, R> {
    /// p.
    pub penalty: R,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(z, ∇f(z)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The first ρ. Positive; default 1.
    pub initial_rate: T,
    /// The share of `1/L` that ρ takes. In (0, 1); default 0.95.
    pub relaxation: T,
    /// η. Positive; default 0.01.
    pub truncation: T,
    /// The search ends where `|⟨s(x + α d), d⟩|` is at most this share of `|⟨s, d⟩|`. In (0, 1); default 0.1.
    pub curvature: T,
    /// Trials of α an iteration. Default 10.
    pub trials: u32,
}

impl<T: Real, R: Penalty<T>> ProximalConjugateGradient<T, R> {
    /// The default parameters with a penalty.
    pub fn new(penalty: R) -> Self {
        Self {
            penalty,
            gap_tolerance: T::SQRT_EPSILON,
            initial_rate: T::ONE,
            relaxation: T::of_f64(0.95),
            truncation: T::of_f64(0.01),
            curvature: T::of_f64(0.1),
            trials: 10,
        }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        at_least(T::ZERO, self.truncation)?;
        fraction(self.relaxation)?;
        fraction(self.curvature)?;
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at `prox(x - ρ ∇f(x))`.
    Backward,
    /// Ask at `x + α d`.
    Search,
    Done(Status),
}

/// Memory of [`ProximalConjugateGradient`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct ProximalConjugateGradientState<T: Real, const N: usize> {
    best: Point<T, N>,
    /// x.
    at: Point<T, N>,
    /// z.
    shadow: Point<T, N>,
    /// s of the last iteration.
    residual: SVector<T, N>,
    /// d; zero without a past.
    direction: SVector<T, N>,
    /// ρ.
    rate: T,
    /// α.
    share: T,
    /// The bracket of α with `⟨s, d⟩` at its ends.
    low: (T, T),
    high: (T, T),
    /// Trials of this search.
    tried: u32,
    /// Steps since the best point last changed whose length rounding hides.
    fruitless: u32,
    phase: Phase,
}

impl<T: Real, const N: usize> ProximalConjugateGradientState<T, N> {
    /// A memory at a starting point; one outside the penalty's domain is moved there by the proximal operator.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        let start = Point::new(x);
        Self {
            best: start,
            at: start,
            shadow: start,
            residual: linalg::zeros(),
            direction: linalg::zeros(),
            rate: T::ZERO,
            share: T::ONE,
            low: (T::ZERO, T::ZERO),
            high: (T::INFINITY, T::ZERO),
            tried: 0,
            fruitless: 0,
            phase: Phase::Start,
        }
    }

    /// Goes on from a measured point without a past.
    fn restart(&mut self, at: Point<T, N>) {
        self.at = at;
        self.direction = linalg::zeros();
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
            self.direction = linalg::zeros();
        }
        Status::Running
    }
}

impl<T: Real, const N: usize, R: Penalty<T>, P: Smooth<T, N>> Method<P, ProximalConjugateGradientState<T, N>>
    for ProximalConjugateGradient<T, R>
{
    fn step(&self, state: &mut ProximalConjugateGradientState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
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
                let trial = state.at.x + state.direction * state.share;
                let trial = Point::measure(&self.penalty, trial, problem)?;
                self.search(state, &trial);
                Status::Running
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, R: Penalty<T>> ProximalConjugateGradient<T, R> {
    /// Steps 1 and 2, after the oracle's answer at z.
    fn judge<const N: usize>(&self, state: &mut ProximalConjugateGradientState<T, N>, z: &Point<T, N>) -> Status {
        let verdict = state.at.judge(z, state.rate / self.relaxation);
        if let Verdict::Fails(rate) = verdict {
            state.rate = rate * self.relaxation;
            state.direction = linalg::zeros();
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
        let s = state.at.x - z.x;
        state.direction = self.turn(state, &s);
        state.residual = s;
        state.shadow = *z;
        state.share = T::ONE;
        state.low = (T::ZERO, linalg::dot(&s, &state.direction));
        state.high = (T::INFINITY, T::ZERO);
        state.tried = 0;
        state.phase = Phase::Search;
        Status::Running
    }

    /// Step 2, and the first half of step 4: the direction, `-s` where it has no past or points uphill.
    fn turn<const N: usize>(&self, state: &ProximalConjugateGradientState<T, N>, s: &SVector<T, N>) -> SVector<T, N> {
        let d = &state.direction;
        let y = *s - state.residual;
        let bend = linalg::dot(d, &y);
        let b = linalg::dot(&(y - *d * (T::TWO * linalg::dot(&y, &y) / bend)), s) / bend;
        let floor = -T::ONE / (linalg::norm(d) * self.truncation.min(linalg::norm(&state.residual)));
        let turned = *d * b.max(floor) - *s;
        let downhill = linalg::dot(&turned, s) < T::ZERO;
        if downhill && b.is_finite() && linalg::all_finite(&turned) { turned } else { -*s }
    }

    /// Steps 3 and 4, after the oracle's answer at `x + α d`.
    fn search<const N: usize>(&self, state: &mut ProximalConjugateGradientState<T, N>, trial: &Point<T, N>) {
        let s = trial.x - trial.forward_backward(&self.penalty, state.rate);
        let slope = if trial.is_smooth() { linalg::dot(&s, &state.direction) } else { T::INFINITY };
        let first = linalg::dot(&state.residual, &state.direction);
        state.tried = state.tried.saturating_add(1);
        if slope.abs() <= self.curvature * first.abs() {
            let (before, slack) = (state.at.envelope(&self.penalty, state.rate), T::of_f64(10.0) * T::EPSILON);
            let lower = trial.envelope(&self.penalty, state.rate) <= before + slack * (T::ONE + before.abs());
            return if lower {
                state.at = *trial;
                state.phase = Phase::Backward;
            } else {
                state.restart(state.shadow);
            };
        }
        let (before, below) = state.low;
        if slope < T::ZERO {
            state.low = (state.share, slope);
        } else {
            state.high = (state.share, slope);
        }
        let ((low, slope), (high, above)) = (state.low, state.high);
        state.share = if !(high < T::INFINITY) {
            // Still downhill: as far as the slopes promise, within reason.
            let ahead = low - slope * (low - before) / (slope - below);
            let (least, most) = (T::of_f64(1.5) * low, T::of_f64(100.0) * low);
            if ahead >= least && ahead <= most {
                ahead
            } else if ahead < least && slope > below {
                least
            } else {
                most
            }
        } else {
            let secant = low - slope * (high - low) / (above - slope);
            let edge = T::of_f64(0.05) * (high - low);
            if secant.is_finite() { secant.max(low + edge).min(high - edge) } else { T::HALF * (low + high) }
        };
        if state.tried >= self.trials || !state.share.is_finite() {
            state.restart(state.shadow);
        }
    }
}

readable!(ProximalConjugateGradientState);
