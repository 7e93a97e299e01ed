//! Spectral projected gradient: projected gradient with the Barzilai-Borwein rate and a nonmonotone search.
//!
//! Minimizes f over a convex set by its projection, or `F = f + p` for any convex p. One iteration, with `g = ∇f(x)` and the rate t:
//!
//! 1. `d = prox_{t p}(x - t g) - x` and the slope `Δ = ⟨g, d⟩ + p(x + d) - p(x)`;
//! 2. `x⁺ = x + τ d` with `τ = 1, ½, …` until `F(x⁺) ≤ max(last M values) + 10⁻⁴ τ Δ`;
//! 3. `t = ⟨s, s⟩/⟨s, y⟩` with the changes s of x and y of g, between `rate_floor` and `rate_ceiling`.
//!
//! Reference: Birgin, Martínez & Raydan, "Nonmonotone spectral projected gradient methods on convex sets", 2000, algorithm SPG2.
//! F may rise between steps; `x()` is the best point all the same. Memory: five vectors and M values. One gradient an iteration.
//! Choose it for sets whose projection is cheap, and whenever little memory is left.

use nalgebra::SVector;

use crate::composite::point::{PATIENCE, Point, inside, readable};
use crate::linalg::{self, entries, entries_mut};
use crate::penalty::Penalty;
use crate::problem::Smooth;
use crate::ranges::{at_least, ordered, tolerance};
use crate::real::{Real, haze};
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the spectral projected gradient method.
///
/// ```
/// use thalweg::{Method, composite::{SpectralProjectedGradient, SpectralState}, penalty::{Each, Interval}, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut cost = Quadratic { hessian: matrix![2.0, 0.5; 0.5, 1.0], linear: vector![-4.0, -3.0], constant: 0.0 };
/// let method = SpectralProjectedGradient::new(Each(Interval { lower: 0.0, upper: 1.0 }));
/// let mut state = SpectralState::<f64, 2, 10>::new(vector![0.0, 0.0]);
/// let status = method.run(&mut state, &mut cost, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && *state.x() == vector![1.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpectralProjectedGradient<T, R> {
    /// The set, or a convex p.
    pub penalty: R,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The first rate. Positive; default 1.
    pub initial_rate: T,
    /// The smallest rate. Positive; default 10⁻¹⁰.
    pub rate_floor: T,
    /// The largest rate. At least `rate_floor`; default 10¹⁰.
    pub rate_ceiling: T,
}

impl<T: Real, R: Penalty<T>> SpectralProjectedGradient<T, R> {
    /// The default parameters with a set or a convex penalty.
    pub fn new(penalty: R) -> Self {
        Self {
            penalty,
            gap_tolerance: T::SQRT_EPSILON,
            initial_rate: T::ONE,
            rate_floor: T::of_f64(1e-10),
            rate_ceiling: T::of_f64(1e10),
        }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        ordered(self.rate_floor, self.rate_ceiling)?;
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at `x + τ d`.
    Search,
    Done(Status),
}

/// Memory of [`SpectralProjectedGradient`] with M values.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct SpectralState<T: Real, const N: usize, const M: usize = 10> {
    best: Point<T, N>,
    /// x.
    at: Point<T, N>,
    /// The last values, the newest first.
    values: SVector<T, M>,
    /// t.
    rate: T,
    /// τ.
    share: T,
    /// Steps since the best point last changed whose length rounding hides.
    fruitless: u32,
    phase: Phase,
}

impl<T: Real, const N: usize, const M: usize> SpectralState<T, N, M> {
    /// A memory at a starting point; one outside the set is moved there.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        let start = Point::new(x);
        Self {
            best: start,
            at: start,
            values: linalg::zeros(),
            rate: T::ZERO,
            share: T::ONE,
            fruitless: 0,
            phase: Phase::Start,
        }
    }

    /// Searches from a point as if it were the first.
    fn restart(&mut self, at: Point<T, N>) {
        self.at = at;
        self.values = SVector::from_element(at.value);
        self.share = T::ONE;
        self.phase = Phase::Search;
    }

    /// Rounding hides the way on: begin again at the best point, there with ever shorter steps.
    fn settle(&mut self, stuck: bool) -> Status {
        if self.at.x != self.best.x {
            self.restart(self.best);
        } else if stuck {
            return Status::Stalled(Stall::NoDescent);
        } else {
            self.share *= T::HALF;
        }
        Status::Running
    }
}

impl<T: Real, const N: usize, const M: usize, R: Penalty<T>, P: Smooth<T, N>> Method<P, SpectralState<T, N, M>>
    for SpectralProjectedGradient<T, R>
{
    fn step(&self, state: &mut SpectralState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = inside(&self.penalty, &state.best.x, self.initial_rate);
                    let start = Point::measure(&self.penalty, start, problem)?;
                    state.rate = self.initial_rate.max(self.rate_floor).min(self.rate_ceiling);
                    let status = start.open(&mut state.best, self.gap_tolerance);
                    state.restart(state.best);
                    status
                }
            }
            Phase::Search => {
                let z = state.at.forward_backward(&self.penalty, state.rate);
                let trial = if state.share == T::ONE { z } else { state.at.x + (z - state.at.x) * state.share };
                if trial == state.at.x {
                    state.settle(true)
                } else {
                    let trial = Point::measure(&self.penalty, trial, problem)?;
                    self.judge(state, &z, &trial)
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, R: Penalty<T>> SpectralProjectedGradient<T, R> {
    /// Steps 2 and 3, after the oracle's answer.
    fn judge<const N: usize, const M: usize>(
        &self,
        state: &mut SpectralState<T, N, M>,
        z: &SVector<T, N>,
        trial: &Point<T, N>,
    ) -> Status {
        let at = state.at;
        let penalty_change = self.penalty.value(entries(z)) - (at.value - at.smooth);
        let slope = state.share * (linalg::dot(&at.gradient, &(z - at.x)) + penalty_change);
        let highest = state.values.iter().fold(at.value, |most, &value| if value > most { value } else { most });
        let better = trial.improve(&mut state.best);
        let status = state.best.status(self.gap_tolerance);
        if status != Status::Running {
            return status;
        }
        let hidden = slope.abs() <= haze(at.value, trial.value);
        if better {
            state.fruitless = 0;
        } else if hidden {
            state.fruitless = state.fruitless.saturating_add(1);
            if state.fruitless > PATIENCE {
                return state.settle(false);
            }
        }
        // NaN fails the comparison.
        let low = trial.value <= highest + T::of_f64(1e-4) * slope;
        if !(trial.is_smooth() && (low || hidden)) {
            state.share *= T::HALF;
            return Status::Running;
        }
        let (s, y) = (trial.x - at.x, trial.gradient - at.gradient);
        let (length, bend) = (linalg::dot(&s, &s), linalg::dot(&s, &y));
        let rate = if bend > T::ZERO { length / bend } else { self.rate_ceiling };
        state.rate = rate.max(self.rate_floor).min(self.rate_ceiling);
        state.at = *trial;
        state.share = T::ONE;
        let mut value = trial.value;
        for place in entries_mut(&mut state.values) {
            core::mem::swap(place, &mut value);
        }
        Status::Running
    }
}

readable!(SpectralState, M);
