//! Nesterov's accelerated gradient method.
//!
//! Minimizes a convex `f` whose gradient has the Lipschitz constant L. One iteration, from `y = x₀` and `θ = 1`:
//!
//! 1. `x⁺ = y - ∇f(y)/L`;
//! 2. `θ⁺ = (1 + √(1 + 4θ²))/2`, `q = (θ - 1)/θ⁺`; or the constant `q = (√L - √μ)/(√L + √μ)` where f is μ-strongly convex;
//! 3. `y⁺ = x⁺ + q (x⁺ - x)`; on a restart `θ = 1` and `y⁺ = x⁺`.
//!
//! `f(x_k) - f* ≤ 2L ‖x₀ - x*‖²/(k + 1)²` for convex f, and with the constant q `f(x_k) - f*` falls by `1 - √(μ/L)` an iteration. With
//! `backtracking` the L is a first guess and doubled until `f(x⁺) ≤ f(y) - ‖∇f(y)‖²/(2L)`.
//!
//! Reference: Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", 1983; Beck & Teboulle,
//! "A fast iterative shrinkage-thresholding algorithm", 2009, theorem 4.4; the constant: Nesterov, Lectures on Convex
//! Optimization, 2018, section 2.2; the restart: O'Donoghue & Candès, "Adaptive restart for accelerated gradient schemes", 2015,
//! section 3.2. Memory: two points and two vectors. One gradient an iteration, at y; with backtracking one more at x⁺. Without it
//! the best y is the best point, and x⁺ is [`proposal`](NesterovState::proposal). Choose [`Fista`](crate::composite::Fista) where
//! there is a penalty.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::{Real, haze};
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Restart, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// The sequence q.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Momentum<T> {
    /// `(θ - 1)/θ⁺`: convex functions.
    Growing,
    /// Always the same, zero or more and below 1: strongly convex functions.
    Constant(T),
}

/// Parameters of Nesterov's method.
///
/// ```
/// use thalweg::{Method, smooth::Nesterov, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut bowl = Quadratic { hessian: matrix![1.0, 0.0; 0.0, 100.0], linear: vector![-1.0, 0.0], constant: 0.5 };
/// let (state, status) = Nesterov::new(100.0).solve(vector![0.0_f64, 1.0], &mut bowl, 300).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Nesterov<T> {
    /// L. Positive. After a point where f is not finite the solve goes on from the best point with twice the L.
    pub lipschitz: T,
    /// q; default [`Momentum::Growing`].
    pub momentum: Momentum<T>,
    /// When the momentum is forgotten; default [`Restart::Gradient`].
    pub restart: Restart,
    /// Whether L is a first guess. Default no.
    pub backtracking: bool,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> Nesterov<T> {
    /// The default parameters with L.
    pub const fn new(lipschitz: T) -> Self {
        Self {
            lipschitz,
            momentum: Momentum::Growing,
            restart: Restart::Gradient,
            backtracking: false,
            gradient_tolerance: T::SQRT_EPSILON,
            patience: PATIENCE,
        }
    }

    /// The method for functions with curvatures between `convexity` and `lipschitz`, both positive: constant momentum and no restarts.
    #[must_use]
    pub fn strongly_convex(lipschitz: T, convexity: T) -> Self {
        let (steep, flat) = (lipschitz.sqrt(), convexity.sqrt());
        let momentum = Momentum::Constant((steep - flat) / (steep + flat));
        Self { momentum, restart: Restart::Never, ..Self::new(lipschitz) }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.lipschitz)?;
        match self.momentum {
            Momentum::Constant(q) if !(q >= T::ZERO && q < T::ONE) => Err(ConfigError::Fraction),
            _ => Ok(()),
        }
    }
}

/// Memory of [`Nesterov`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct NesterovState<T: Real, const N: usize> {
    /// y, and the best of all points.
    walk: Walk<T, N>,
    /// x⁺.
    proposal: SVector<T, N>,
    /// x.
    before: SVector<T, N>,
    /// θ.
    theta: T,
    /// f at the y before.
    level: T,
    /// What L is multiplied with by backtracking.
    steeper: T,
    /// Whether to ask at x⁺ next, and not at y.
    trial: bool,
}

impl<T: Real, const N: usize> NesterovState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            walk: Walk::new(x),
            proposal: x,
            before: x,
            theta: T::ONE,
            level: T::INFINITY,
            steeper: T::ONE,
            trial: false,
        }
    }

    /// x⁺, of which the bounds speak; without backtracking nobody has looked at it.
    #[must_use]
    pub const fn proposal(&self) -> &SVector<T, N> {
        &self.proposal
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, NesterovState<T, N>> for Nesterov<T> {
    fn step(&self, state: &mut NesterovState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, NesterovState<T, N>> for Nesterov<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut NesterovState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn depart(&self, state: &mut NesterovState<T, N>) {
        (state.before, state.theta, state.level) = (state.walk.at.x, T::ONE, T::INFINITY);
        self.propose(state);
    }

    fn next(&self, state: &NesterovState<T, N>) -> SVector<T, N> {
        if state.trial { state.proposal } else { self.extrapolated(state) }
    }

    fn arrive(&self, state: &mut NesterovState<T, N>, point: Point<T, N>) -> Status {
        if !state.trial {
            self.look(state, point);
        } else if self.is_steep_enough(state, &point) {
            self.settle(state);
            if self.extrapolated(state) == point.x {
                self.look(state, point);
            }
        } else {
            state.steeper *= T::TWO;
            self.propose(state);
        }
        Status::Running
    }
}

walked!(NesterovState);

impl<T: Real> Nesterov<T> {
    /// θ⁺.
    fn grown(theta: T) -> T {
        T::HALF * (T::ONE + (T::ONE + T::of_f64(4.0) * theta * theta).sqrt())
    }

    /// y⁺.
    fn extrapolated<const N: usize>(&self, state: &NesterovState<T, N>) -> SVector<T, N> {
        let q = match self.momentum {
            Momentum::Growing => (state.theta - T::ONE) / Self::grown(state.theta),
            Momentum::Constant(q) => q,
        };
        state.proposal + (state.proposal - state.before) * q
    }

    /// L.
    fn steepness<const N: usize>(&self, state: &NesterovState<T, N>) -> T {
        self.lipschitz * state.steeper / state.walk.caution
    }

    /// Goes on from a measured y.
    fn look<const N: usize>(&self, state: &mut NesterovState<T, N>, y: Point<T, N>) {
        state.theta = Self::grown(state.theta);
        (state.before, state.level) = (state.proposal, state.walk.at.value);
        state.walk.at = y;
        self.propose(state);
    }

    /// Step 1.
    fn propose<const N: usize>(&self, state: &mut NesterovState<T, N>) {
        state.proposal = state.walk.at.x - state.walk.at.gradient / self.steepness(state);
        state.trial = self.backtracking;
        if !state.trial {
            self.settle(state);
        }
    }

    /// Takes x⁺ as it is; on a restart without momentum.
    fn settle<const N: usize>(&self, state: &mut NesterovState<T, N>) {
        state.trial = false;
        let (y, way) = (&state.walk.at, state.proposal - state.before);
        if self.restart.holds(&y.gradient, &way, y.value > state.level) {
            (state.before, state.theta) = (state.proposal, T::ONE);
        }
    }

    /// Whether L is large enough for step 1; by the gradients where rounding hides the values.
    fn is_steep_enough<const N: usize>(&self, state: &NesterovState<T, N>, z: &Point<T, N>) -> bool {
        let y = &state.walk.at;
        let length = linalg::norm(&y.gradient);
        let promised = T::HALF * length * length / self.steepness(state);
        let hidden = promised <= haze(y.value, z.value) && linalg::norm(&(z.gradient - y.gradient)) <= length;
        z.value <= y.value - promised || hidden
    }
}
