//! Accelerated gradient for folded concave penalties, with the damping that its complexity bound asks for.
//!
//! Minimizes `F = f + Σ (λ|xⱼ| + h(xⱼ))` with a concave and smooth h, which joins f; only the soft threshold is a proximal step.
//! With `L = max(L_f, κ)`, where κ is the Lipschitz constant of h′, iteration k is
//!
//! 1. `α = 2/(1 + √(1 + 4/α²))`, from `α = 1`; `β = 0.99/L`; `λ_k = β/α`;
//! 2. `x̲ = (1 - α) x̄ + α x` and `g = ∇f(x̲) + h′(x̲)`;
//! 3. `x = soft(x - λ_k g, λ_k λ)` and `x̄ = soft(x̲ - β g, β λ)`.
//!
//! Reference: Yang, Asgharian & Bhatnagar, "Accelerated gradient methods for sparse statistical learning with nonconvex
//! penalties", Statistics and Computing 2024; the frame: Ghadimi & Lan, "Accelerated gradient methods for nonconvex nonlinear and
//! stochastic programming", 2016, algorithm 1. Memory: five vectors. One gradient an iteration, at x̲. The paper returns the last
//! x̲, which is sparse only in the limit; here [`x()`](NonconvexAcceleratedState::x) is the best x̲ so far, and where x̲ and x̄ meet within the tolerance x̄
//! is measured too and ends the solve if its gap does. Choose it where L is known and proximal gradient is slow; coordinate
//! descent or [`ProximalNewton`](crate::composite::ProximalNewton) where a Gram matrix fits.

use nalgebra::SVector;

use crate::composite::point::{Point, readable};
use crate::linalg;
use crate::penalty::{Each, Folded, ScalarPenalty};
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::step::{ConfigError, Method, Stall, Status};

/// The sequences α, β and `λ_k`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Damping {
    /// Yang, Asgharian & Bhatnagar: `α = 2/(1 + √(1 + 4/α²))`, `β = 0.99/L`, `λ_k = β/α`.
    #[default]
    Recommended,
    /// Ghadimi & Lan: `α = 2/(k + 1)`, `β = ½/L`, `λ_k = k β/2`.
    Original,
}

/// Parameters of the accelerated gradient method for folded penalties.
///
/// ```
/// use thalweg::{Method, composite::NonconvexAccelerated, penalty::Mcp, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut distance = gradient_fn(|x, g| { *g = x - vector![2.2, 0.2]; 0.5 * g.norm_squared() });
/// let method = NonconvexAccelerated::new(Mcp { strength: 1.0, reach: 3.0 }, 1.0);
/// let (state, _) = method.solve(vector![0.0_f64, 1.0], &mut distance, 1000).unwrap();
/// assert!((state.x() - vector![1.8, 0.0]).norm() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NonconvexAccelerated<T, S> {
    /// The penalty of each coordinate.
    pub penalty: S,
    /// `L_f`, a Lipschitz constant of ∇f. Positive. After a point where f is not finite the solve goes on with twice the L.
    pub lipschitz: T,
    /// [`Criterion::Gap`](crate::Criterion::Gap): `gap(x, ∇f(x)) ≤ gap_tolerance · max(1, min(|F|, |F₀|))`, F₀ at
    /// the start. Zero or more; default √ε.
    pub gap_tolerance: T,
    /// The damping; default [`Damping::Recommended`].
    pub damping: Damping,
}

impl<T: Real, S: Folded<T>> NonconvexAccelerated<T, S> {
    /// The default parameters with a penalty and `L_f`.
    pub const fn new(penalty: S, lipschitz: T) -> Self {
        Self { penalty, lipschitz, gap_tolerance: T::SQRT_EPSILON, damping: Damping::Recommended }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gap_tolerance)?;
        at_least(T::ZERO, self.lipschitz)?;
        self.penalty.validate()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at x̲.
    Middle,
    /// Ask at x̄.
    Aggregate,
    Done(Status),
}

/// Memory of [`NonconvexAccelerated`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct NonconvexAcceleratedState<T: Real, const N: usize> {
    best: Point<T, N>,
    /// x.
    x: SVector<T, N>,
    /// x̄.
    aggregate: SVector<T, N>,
    /// x̲ of the last iteration.
    middle: SVector<T, N>,
    /// α of the last iteration.
    damping: T,
    /// k.
    count: u32,
    /// What `lipschitz` is multiplied with.
    caution: T,
    /// Below which distance of x̲ and x̄ the latter is measured next.
    alert: T,
    phase: Phase,
}

impl<T: Real, const N: usize> NonconvexAcceleratedState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            best: Point::new(x),
            x,
            aggregate: x,
            middle: x,
            damping: T::ONE,
            count: 0,
            caution: T::ONE,
            alert: T::INFINITY,
            phase: Phase::Start,
        }
    }
}

/// α, β and `λ_k` of one iteration.
struct Sequences<T> {
    damping: T,
    short: T,
    long: T,
}

impl<T: Real, const N: usize, S: Folded<T> + Copy, P: Smooth<T, N>> Method<P, NonconvexAcceleratedState<T, N>>
    for NonconvexAccelerated<T, S>
{
    fn step(&self, state: &mut NonconvexAcceleratedState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let penalty = Each(self.penalty);
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let start = Point::measure(&penalty, state.x, problem)?;
                    let status = start.open(&mut state.best, self.gap_tolerance);
                    state.phase = Phase::Middle;
                    if status == Status::Running { self.advance(state, &start) } else { status }
                }
            }
            Phase::Middle => {
                let middle = Point::measure(&penalty, self.middle(state), problem)?;
                if middle.is_smooth() {
                    middle.improve(&mut state.best);
                    self.advance(state, &middle)
                } else {
                    Self::retreat(state)
                }
            }
            Phase::Aggregate => {
                let aggregate = Point::measure(&penalty, state.aggregate, problem)?;
                aggregate.improve(&mut state.best);
                state.phase = Phase::Middle;
                let met = state.alert == T::ZERO;
                match aggregate.beside(&state.best).status(self.gap_tolerance) {
                    Status::Converged(criterion) if aggregate.x == state.best.x => Status::Converged(criterion),
                    _ if met => Status::Stalled(Stall::NoDescent),
                    _ => Status::Running,
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, S: Folded<T> + Copy> NonconvexAccelerated<T, S> {
    /// Step 1.
    fn sequences<const N: usize>(&self, state: &NonconvexAcceleratedState<T, N>) -> Sequences<T> {
        let lipschitz = self.lipschitz.max(-self.penalty.convexity()) * state.caution;
        match self.damping {
            Damping::Recommended => {
                let four = T::of_f64(4.0);
                let damping = T::TWO / (T::ONE + (T::ONE + four / state.damping.squared()).sqrt());
                let short = T::of_f64(0.99) / lipschitz;
                Sequences { damping, short, long: short / damping }
            }
            Damping::Original => {
                let k = T::of_f64(f64::from(state.count)) + T::ONE;
                let short = T::HALF / lipschitz;
                Sequences { damping: T::TWO / (k + T::ONE), short, long: T::HALF * k * short }
            }
        }
    }

    /// x̲ of the next iteration.
    fn middle<const N: usize>(&self, state: &NonconvexAcceleratedState<T, N>) -> SVector<T, N> {
        let damping = self.sequences(state).damping;
        state.aggregate * (T::ONE - damping) + state.x * damping
    }

    /// Step 3, after the oracle's answer at x̲.
    fn advance<const N: usize>(&self, state: &mut NonconvexAcceleratedState<T, N>, middle: &Point<T, N>) -> Status {
        let Sequences { damping, short, long } = self.sequences(state);
        let corner = crate::penalty::L1 { strength: self.penalty.strength() };
        let slopes = || middle.x.iter().zip(middle.gradient.iter()).map(|(&x, &g)| g + self.penalty.concave_slope(x));
        for (x, slope) in state.x.iter_mut().zip(slopes()) {
            *x = corner.prox(*x - long * slope, long);
        }
        for ((aggregate, &x), slope) in state.aggregate.iter_mut().zip(middle.x.iter()).zip(slopes()) {
            *aggregate = corner.prox(x - short * slope, short);
        }
        state.damping = damping;
        state.count = state.count.saturating_add(1);
        state.middle = middle.x;
        let apart = linalg::max_abs(&(middle.x - state.aggregate));
        let status = state.best.status(self.gap_tolerance);
        if status != Status::Running {
            return status;
        }
        // Rounding keeps them apart by so much.
        let near = T::of_f64(4.0) * T::EPSILON * linalg::max_abs(&middle.x);
        let wanted = self.gap_tolerance * state.best.magnitude();
        if apart <= near {
            state.alert = T::ZERO;
            state.phase = Phase::Aggregate;
        } else if apart <= wanted.min(T::HALF * state.alert) * short {
            state.alert = apart / short;
            state.phase = Phase::Aggregate;
        }
        Status::Running
    }

    /// Begins again at the best point with twice the L.
    fn retreat<const N: usize>(state: &mut NonconvexAcceleratedState<T, N>) -> Status {
        let best = state.best.x;
        if state.middle == best && state.aggregate == best && state.x == best {
            return Status::Stalled(Stall::NoDescent);
        }
        (state.x, state.aggregate, state.middle) = (best, best, best);
        (state.damping, state.count, state.alert) = (T::ONE, 0, T::INFINITY);
        state.caution *= T::TWO;
        Status::Running
    }
}

readable!(NonconvexAcceleratedState);
