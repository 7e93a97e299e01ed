//! What the methods that search along lines share: a direction from a past, a rate along it, and what to do where that fails.

use nalgebra::SVector;

use crate::linalg;
use crate::line_search::{Line, LineSearch, Verdict};
use crate::problem::Smooth;
use crate::real::Real;
use crate::smooth::point::Point;
use crate::step::{ConfigError, Stall, Status};

/// What makes the difference between the methods: how a past K turns a gradient into a direction.
pub(crate) trait Descent<T: Real, K, const N: usize> {
    fn validate(&self) -> Result<(), ConfigError>;
    fn search(&self) -> &impl LineSearch<T>;
    fn gradient_tolerance(&self) -> T;

    /// Forgets the past.
    fn forget(&self, memory: &mut K);
    fn is_fresh(&self, memory: &K) -> bool;
    /// Takes a step along a direction in.
    fn learn(&self, memory: &mut K, from: &Point<T, N>, to: &Point<T, N>, direction: &SVector<T, N>);
    /// Where to go; without a past, downhill.
    fn direction(&self, memory: &K, at: &Point<T, N>) -> SVector<T, N>;
    /// The first rate along a direction with a past, if it is known without looking at the last step.
    fn natural_rate(&self) -> Option<T>;

    /// The nearest admissible point.
    fn inside(&self, x: SVector<T, N>) -> SVector<T, N> {
        x
    }
    /// The largest rate that stays admissible.
    fn limit(&self, _at: &Point<T, N>, _direction: &SVector<T, N>) -> T {
        T::INFINITY
    }
    /// What counts of the gradient.
    fn judged(&self, point: Point<T, N>) -> Point<T, N> {
        point
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at `x + t d`.
    Search,
    Done(Status),
}

/// Searches in a row that better nothing before the past is forgotten; as many again end the solve.
const PATIENCE: u32 = 10;

/// A solve by searches along lines, but for its best point and its past.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Walk<T: Real, const N: usize> {
    /// x.
    at: Point<T, N>,
    /// d.
    direction: SVector<T, N>,
    /// The search for t.
    line: Line<T>,
    /// `t ⟨∇f(x), d⟩` of the last accepted step, zero before it.
    gain: T,
    /// The length of the last accepted step.
    length: T,
    /// Twice the last accepted rate if it met no curvature, else zero.
    ahead: T,
    /// Searches since the best point last changed.
    fruitless: u32,
    phase: Phase,
}

impl<T: Real, const N: usize> Walk<T, N> {
    pub(crate) const fn new(x: SVector<T, N>) -> Self {
        Self {
            at: Point::new(x),
            direction: linalg::zeros(),
            line: Line::begin(T::ZERO, T::ZERO, T::ZERO),
            gain: T::ZERO,
            length: T::ZERO,
            ahead: T::ZERO,
            fruitless: 0,
            phase: Phase::Start,
        }
    }

    /// One step of a method.
    pub(crate) fn step<K, D: Descent<T, K, N>, P: Smooth<T, N>>(
        &mut self,
        best: &mut Point<T, N>,
        memory: &mut K,
        method: &D,
        problem: &mut P,
    ) -> Result<Status, P::Error> {
        let status = match self.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = method.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let point = method.judged(Point::measure(method.inside(best.x), problem)?);
                    let status = point.open(best, method.gradient_tolerance());
                    self.at = *best;
                    self.aim(memory, method);
                    self.phase = Phase::Search;
                    status
                }
            }
            Phase::Search => {
                let trial = method.inside(self.at.x + self.direction * self.line.rate());
                // Where rounding leaves no step, the answer is known.
                let known = trial == self.at.x;
                let trial = if known { self.at } else { method.judged(Point::measure(trial, problem)?) };
                self.judge(&trial, best, memory, method)
            }
        };
        if status != Status::Running {
            self.phase = Phase::Done(status);
        }
        Ok(status)
    }

    /// After the oracle's answer at `x + t d`.
    fn judge<K, D: Descent<T, K, N>>(
        &mut self,
        trial: &Point<T, N>,
        best: &mut Point<T, N>,
        memory: &mut K,
        method: &D,
    ) -> Status {
        if trial.improve(best) {
            self.fruitless = 0;
        }
        let status = best.status(method.gradient_tolerance());
        if status != Status::Running {
            return status;
        }
        let (value, slope) = if trial.is_finite() {
            (trial.value, linalg::dot(&trial.gradient, &self.direction))
        } else {
            (T::NAN, T::NAN)
        };
        match method.search().tell(&mut self.line, value, slope) {
            Verdict::Ask => Status::Running,
            Verdict::Accept if trial.x != self.at.x => {
                self.gain = self.line.rate() * self.line.slope();
                self.length = self.line.rate() * linalg::norm(&self.direction);
                self.ahead = if slope <= self.line.slope() { T::TWO * self.line.rate() } else { T::ZERO };
                self.go(*trial, memory, method);
                self.tire(best, memory, method)
            }
            Verdict::Accept | Verdict::Exhausted => self.settle(best, memory, method),
            Verdict::Unbounded => Status::Stalled(Stall::Unbounded),
        }
    }

    /// Moves to a point on the line.
    fn go<K, D: Descent<T, K, N>>(&mut self, to: Point<T, N>, memory: &mut K, method: &D) {
        method.learn(memory, &self.at, &to, &self.direction);
        self.at = to;
        self.aim(memory, method);
    }

    /// No rate was accepted: goes on from the best point, first with the past, then without it.
    fn settle<K, D: Descent<T, K, N>>(&mut self, best: &Point<T, N>, memory: &mut K, method: &D) -> Status {
        if self.at.x != best.x {
            self.go(*best, memory, method);
        } else if method.is_fresh(memory) {
            return Status::Stalled(Stall::NoDescent);
        } else {
            self.restart(best, memory, method);
        }
        self.tire(best, memory, method)
    }

    /// Ends a walk in the haze of rounding.
    fn tire<K, D: Descent<T, K, N>>(&mut self, best: &Point<T, N>, memory: &mut K, method: &D) -> Status {
        self.fruitless = self.fruitless.saturating_add(1);
        if self.fruitless > PATIENCE.saturating_mul(2) {
            return Status::Stalled(Stall::NoDescent);
        }
        if self.fruitless == PATIENCE {
            self.restart(best, memory, method);
        }
        Status::Running
    }

    /// Goes on from the best point without a past.
    fn restart<K, D: Descent<T, K, N>>(&mut self, best: &Point<T, N>, memory: &mut K, method: &D) {
        method.forget(memory);
        self.at = *best;
        self.aim(memory, method);
    }

    /// Opens the next search.
    fn aim<K, D: Descent<T, K, N>>(&mut self, memory: &mut K, method: &D) {
        let Point { value, gradient, .. } = self.at;
        self.direction = method.direction(memory, &self.at);
        let mut slope = linalg::dot(&gradient, &self.direction);
        if !(slope < T::ZERO && slope.is_finite()) {
            method.forget(memory);
            self.direction = method.direction(memory, &self.at);
            slope = linalg::dot(&gradient, &self.direction);
        }
        if !slope.is_finite() {
            self.direction /= linalg::norm(&self.direction);
            slope = linalg::dot(&gradient, &self.direction);
        }
        let limit = method.limit(&self.at, &self.direction);
        let natural = method.natural_rate().filter(|_| !method.is_fresh(memory));
        let rate = match natural {
            Some(rate) => rate,
            // The first-order change of the last step (Nocedal & Wright, section 3.5), and no leap.
            None if self.gain < T::ZERO => {
                (self.gain / slope).min(T::of_f64(10.0) * self.length / linalg::norm(&self.direction))
            }
            None => self.opening_rate(limit),
        };
        self.line = Line::begin(value, slope, rate.max(self.ahead)).within(limit);
    }

    /// The first rate of all, at most one: no variable moves further than x is long, or than one (in the manner of Hager & Zhang
    /// 2005, step I0). Towards a bound, which says more of the scale than x, a step of length one (Zhu, Byrd, Lu & Nocedal, "Algorithm
    /// 778: L-BFGS-B", 1997).
    fn opening_rate(&self, limit: T) -> T {
        let free = T::ONE.max(linalg::norm(&self.at.x)) / linalg::max_abs::<T, N>(&self.direction);
        T::ONE.min(if limit < T::INFINITY { T::ONE / linalg::norm(&self.direction) } else { free })
    }
}
