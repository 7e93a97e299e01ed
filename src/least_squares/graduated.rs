//! Graduated non-convexity: robust fits that do not depend on a good start.
//!
//! Minimizes the Geman-McClure cost `F(x) = ½ Σ c²rᵢ²/(c² + rᵢ²)` over the surrogates `½ Σ μc²rᵢ²/(μc² + rᵢ²)`, which are
//! nearly least squares for large μ and the cost itself for `μ = 1`:
//!
//! 1. one pass over the samples at the start gives `F` and the largest residual; `μ = 2 max rᵢ²/c²`, at least 1;
//! 2. a few trial points of Levenberg-Marquardt on the reweighted surrogate, from where the last level ended;
//! 3. `μ ← μ/1.4` and again, until `μ = 1`: that level runs to convergence.
//!
//! Reference: Yang, Antonante, Tzoumas & Carlone, "Graduated non-convexity for robust spatial perception: from non-minimal
//! solvers to global outlier rejection", RA-L 2020, §III and §IV. Departures: the solver is a local one, so the levels
//! follow its minimum; and a last level that ends above `F` at the start gives way to one from the start.
//!
//! Memory: that of [`LevenbergMarquardt`], N + 8 scalars and a block of four rows. Work: about `7 log₁₀(2 max rᵢ²/c²)`
//! levels. Choose it with many outliers and no start near the truth; with few, a convex loss in [`Robust`] is enough. It
//! weighs each residual by itself: a measurement of several residuals can lose one of them and keep the others.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, Normal, SquareRoot};
use crate::least_squares::domain::{Domain, Everywhere};
use crate::least_squares::levenberg_marquardt::LevenbergMarquardt;
use crate::least_squares::strategy::Strategy;
use crate::least_squares::streamed::StreamedState;
use crate::problem::{Block, Loss, Robust, Rows};
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of graduated non-convexity.
///
/// ```
/// use nalgebra::{Vector2, vector};
/// use thalweg::{Method, least_squares::Graduated, problem::row_fn};
/// let y = [1.0, 3.0, 5.0, 60.0, 9.0, -40.0, 13.0, 80.0, 30.0]; // 1 + 2t, and four outliers
/// let mut line = row_fn(9, |i, x: &Vector2<f64>, g: &mut Vector2<f64>| {
///     *g = vector![1.0, i as f64];
///     x[0] + x[1] * i as f64 - y[i]
/// });
/// let (fit, _) = Graduated::new(0.5).solve(vector![0.0, 0.0], &mut line, 10_000).unwrap();
/// assert!((fit.x() - vector![1.0, 2.0]).amax() < 1e-3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Graduated<T, D = Everywhere> {
    /// `c`, in units of the residual: about the largest residual of a sample that is no outlier, three standard deviations.
    /// Positive.
    pub scale: T,
    /// The factor of μ from level to level. In (0, 1); default 1/1.4.
    pub shrink: T,
    /// The trial points of a level before the last one: more of them follow its minimum more closely. Positive; default 2.
    pub trials: u32,
    /// What solves a level. Its tolerances decide how the last one ends.
    pub solver: LevenbergMarquardt<T, D>,
}

impl<T: Real> Graduated<T> {
    /// The default parameters for residuals of a scale `c`.
    pub fn new(scale: T) -> Self {
        Self { scale, shrink: T::of_f64(1.0 / 1.4), trials: 2, solver: LevenbergMarquardt::default() }
    }
}

impl<T: Real, D> Graduated<T, D> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate<const N: usize, const A: usize>(&self) -> Result<(), ConfigError>
    where
        D: Domain<T, N, A>,
    {
        if !(self.scale > T::ZERO && self.scale.is_finite() && self.trials > 0) {
            return Err(ConfigError::NotPositive);
        }
        if !(self.shrink > T::ZERO && self.shrink < T::ONE) {
            return Err(ConfigError::Fraction);
        }
        Strategy::<T, N, A>::validate(&self.solver)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stage {
    /// The pass over the start.
    Measure,
    /// A level with μ above 1.
    Descend,
    /// The level with `μ = 1`.
    Finish,
    /// The same from the start, which was better.
    Return,
}

/// Memory of [`Graduated`]: `K` says how samples are accumulated.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct GraduatedState<T: Real, const N: usize, K = SquareRoot, const A: usize = N> {
    /// The best point.
    x: SVector<T, A>,
    /// `F(x)`, infinite before the first pass is complete.
    cost: T,
    /// The memory of the current level.
    level: StreamedState<T, N, K, A>,
    /// `√μ c`, zero before the first level.
    scale: T,
    /// Of the first pass: the next sample, the largest `|rᵢ|` and the cost so far.
    next: usize,
    largest: T,
    gathered: T,
    levels: u32,
    stage: Stage,
    status: Status,
    #[cfg_attr(feature = "serde", serde(skip, default = "Block::new"))]
    block: Block<T, N>,
}

impl<T: Real, const N: usize, K, const A: usize> GraduatedState<T, N, K, A> {
    /// A memory at a starting point, where the accumulation is known from the type.
    #[must_use]
    pub const fn from_point(x: SVector<T, A>) -> Self {
        Self {
            x,
            cost: T::INFINITY,
            level: StreamedState::from_point(x),
            scale: T::ZERO,
            next: 0,
            largest: T::ZERO,
            gathered: T::ZERO,
            levels: 0,
            stage: Stage::Measure,
            status: Status::Running,
            block: Block::new(),
        }
    }

    /// The point of least `F` so far: the start until the last level, because the levels before it lower other costs.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, A> {
        &self.x
    }

    /// `F` at [`x`](Self::x); infinite before the first pass over the samples is complete.
    #[must_use]
    pub const fn cost(&self) -> T {
        self.cost
    }

    /// The status after the last step.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// `√μ c` of the current level, in units of the residual; zero before the first one.
    #[must_use]
    pub const fn scale(&self) -> T {
        self.scale
    }

    /// The levels begun.
    #[must_use]
    pub const fn levels(&self) -> u32 {
        self.levels
    }

    /// The memory of the current level; after the end it analyses the reweighted samples at [`x`](Self::x).
    #[must_use]
    pub const fn level(&self) -> &StreamedState<T, N, K, A> {
        &self.level
    }

    fn open(&mut self, x: SVector<T, A>, scale: T, stage: Stage) {
        self.level = StreamedState::from_point(x);
        self.scale = scale;
        self.stage = stage;
        self.levels = self.levels.saturating_add(1);
    }
}

impl<T: Real, const N: usize, const A: usize> GraduatedState<T, N, SquareRoot, A> {
    /// A square-root memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, A>) -> Self {
        Self::from_point(x)
    }
}

impl<T: Real, const N: usize, const A: usize> GraduatedState<T, N, Normal, A> {
    /// A normal-matrix memory at a starting point.
    #[must_use]
    pub const fn normal(x: SVector<T, A>) -> Self {
        Self::from_point(x)
    }
}

impl<T: Real, const N: usize, K: Accumulation, const A: usize, D, P> Method<P, GraduatedState<T, N, K, A>>
    for Graduated<T, D>
where
    D: Domain<T, N, A>,
    P: Rows<T, N, A>,
{
    fn step(&self, state: &mut GraduatedState<T, N, K, A>, problem: &mut P) -> Result<Status, P::Error> {
        if state.status != Status::Running {
            return Ok(state.status);
        }
        if state.stage == Stage::Measure {
            return self.measure(state, problem);
        }
        state.status = match Robust::new(problem, Loss::GemanMcClure, state.scale) {
            Ok(surrogate) => {
                let status = self.solver.step(&mut state.level, &mut surrogate.reweighted())?;
                self.judge(state, status)
            }
            // The first scale has overflowed.
            Err(_) => Status::Stalled(Stall::NonFinite),
        };
        Ok(state.status)
    }
}

impl<T: Real, D> Graduated<T, D> {
    /// A block of the first pass.
    fn measure<const N: usize, K, const A: usize, P>(
        &self,
        state: &mut GraduatedState<T, N, K, A>,
        problem: &mut P,
    ) -> Result<Status, P::Error>
    where
        D: Domain<T, N, A>,
        P: Rows<T, N, A>,
    {
        let samples = problem.rows();
        let loss = match (self.validate::<N, A>(), Robust::new((), Loss::GemanMcClure, self.scale)) {
            (Ok(()), Ok(loss)) => loss.reweighted(),
            (Err(error), _) | (_, Err(error)) => {
                state.status = Status::Stalled(Stall::Config(error));
                return Ok(state.status);
            }
        };
        if samples == 0 {
            state.status = Status::Stalled(Stall::NoData);
            return Ok(state.status);
        }
        let mut x = state.x;
        self.solver.domain.project(&mut x);
        state.block.clear();
        problem.block(state.next, &x, &mut state.block)?;
        state.next = state.next.saturating_add(state.block.len().max(1));
        for (_, r) in state.block.samples() {
            state.largest = state.largest.max(r.abs());
        }
        state.block.map(|g, r| loss.weigh(g, r));
        state.gathered += state.block.cost();
        if state.next >= samples {
            // The loss of an infinite residual is finite.
            if state.gathered.is_finite() && state.largest.is_finite() {
                state.x = x;
                state.cost = state.gathered;
                self.descend(state, x, T::TWO.sqrt() * state.largest);
            } else {
                state.status = Status::Stalled(Stall::NonFinite);
            }
        }
        Ok(state.status)
    }

    /// Opens a level of a scale, or the last one.
    fn descend<const N: usize, K, const A: usize>(
        &self,
        state: &mut GraduatedState<T, N, K, A>,
        x: SVector<T, A>,
        scale: T,
    ) {
        if scale > self.scale {
            state.open(x, scale, Stage::Descend);
        } else {
            state.open(x, self.scale, Stage::Finish);
        }
    }

    /// What follows a step of the solver that ended with `status`.
    fn judge<const N: usize, K, const A: usize>(
        &self,
        state: &mut GraduatedState<T, N, K, A>,
        status: Status,
    ) -> Status {
        if state.level.cost() == T::INFINITY {
            return status;
        }
        let (ended, x) = (status != Status::Running, *state.level.x());
        if state.stage == Stage::Descend {
            // The first pass of a level evaluates its start.
            if ended || state.level.iterations() > self.trials {
                self.descend(state, x, state.scale * self.shrink.sqrt());
            }
            return Status::Running;
        }
        if state.level.cost() < state.cost {
            state.x = x;
            state.cost = state.level.cost();
        }
        if ended && state.stage == Stage::Finish && state.level.cost() > state.cost {
            let start = state.x;
            state.open(start, self.scale, Stage::Return);
            return Status::Running;
        }
        status
    }
}

impl<T: Real, const N: usize, const A: usize> From<SVector<T, A>> for GraduatedState<T, N, SquareRoot, A> {
    fn from(start: SVector<T, A>) -> Self {
        Self::new(start)
    }
}
