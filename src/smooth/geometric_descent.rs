//! Geometric descent: a ball around the minimizer that shrinks at the rate of acceleration.
//!
//! Minimizes an α-strongly convex `f` whose gradient has the Lipschitz constant β. With `x⁺ = x - ∇f(x)/β`, `x⁺⁺ = x - ∇f(x)/α`
//! and a ball of radius R around c that holds the minimizer, one iteration is
//!
//! 1. `x` minimizes f on the line through `x⁺` and c, `g = ∇f(x)`;
//! 2. the minimizer lies in the balls around `x⁺⁺`, `R_A² = ‖g‖²/α² - 2/α (f(x) - f(x⁺))`, and around c,
//!    `R_B² = R² - 2/α (f(x⁺) of before - f(x⁺))`;
//! 3. c, R are those of the smallest ball around what both have in common.
//!
//! `‖x* - c‖ ≤ R` in every iteration, however inexact the search, and `R² ≤ (1 - √(α/β)) R²` of before. On top of the minimizer
//! it so gives a proven distance to it: [`distance_bound`](GeometricDescentState::distance_bound).
//!
//! Reference: Bubeck, Lee & Singh, "A geometric alternative to Nesterov's accelerated gradient descent", 2015; Bubeck, "Convex
//! optimization: algorithms and complexity", 2015, section 3.6. Memory: three points and a vector. A gradient at x⁺ and one for
//! every secant of the search an iteration, two on quadratic functions. Choose it where α and β are known and the distance
//! matters.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::ranges::{fraction, ordered, tolerance};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker, walked};
use crate::step::{ConfigError, Method, Status};

/// Secants of one search at most.
const TRIALS: u32 = 30;

/// Parameters of geometric descent.
///
/// ```
/// use thalweg::{Method, smooth::GeometricDescent, problem::Quadratic};
/// use nalgebra::{matrix, vector};
/// let mut bowl = Quadratic { hessian: matrix![1.0, 0.0; 0.0, 100.0], linear: vector![-1.0, 0.0], constant: 0.5 };
/// let (state, status) = GeometricDescent::new(100.0, 1.0).solve(vector![0.0_f64, 1.0], &mut bowl, 300).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GeometricDescent<T> {
    /// β. Positive. After a point where f is not finite the solve goes on from the best point with twice the β.
    pub lipschitz: T,
    /// α. Positive, at most β.
    pub convexity: T,
    /// The search ends where the slope along the line is at most this share of the slope at x⁺. In (0, 1); default 10⁻³.
    pub line_tolerance: T,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start.
    /// Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> GeometricDescent<T> {
    /// The default parameters with β and α.
    pub fn new(lipschitz: T, convexity: T) -> Self {
        Self {
            lipschitz,
            convexity,
            line_tolerance: T::of_f64(1e-3),
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
        ordered(self.convexity, self.lipschitz)?;
        fraction(self.line_tolerance)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stage {
    /// Ask at the first x⁺.
    First,
    /// Ask at x⁺.
    Short,
    /// Ask on the line.
    Line,
}

/// Memory of [`GeometricDescent`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct GeometricDescentState<T: Real, const N: usize> {
    /// x, and the best of all points.
    walk: Walk<T, N>,
    /// x⁺.
    short: Point<T, N>,
    /// c.
    centre: SVector<T, N>,
    /// R².
    radius: T,
    /// Where to ask on the line, from 0 at x⁺ to 1 at c.
    share: T,
    /// Where the search has asked before, and the slope there.
    before: (T, T),
    /// Secants of this search.
    tried: u32,
    stage: Stage,
}

impl<T: Real, const N: usize> GeometricDescentState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            walk: Walk::new(x),
            short: Point::new(x),
            centre: x,
            radius: T::INFINITY,
            share: T::ZERO,
            before: (T::ZERO, T::ZERO),
            tried: 0,
            stage: Stage::First,
        }
    }

    /// c.
    #[must_use]
    pub const fn centre(&self) -> &SVector<T, N> {
        &self.centre
    }

    /// R: the minimizer is no farther from [`centre`](Self::centre), if α and β are right; infinite before the first step.
    #[must_use]
    pub fn distance_bound(&self) -> T {
        self.radius.max(T::ZERO).sqrt()
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, GeometricDescentState<T, N>> for GeometricDescent<T> {
    fn step(&self, state: &mut GeometricDescentState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step(self, state, problem)
    }
}

impl<T: Real, const N: usize> Walker<T, N, GeometricDescentState<T, N>> for GeometricDescent<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut GeometricDescentState<T, N>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        best.status(self.gradient_tolerance)
    }

    fn depart(&self, state: &mut GeometricDescentState<T, N>) {
        let at = &state.walk.at;
        let share = T::ONE - self.convexity / self.steepness(state);
        state.centre = at.x - at.gradient / self.convexity;
        state.radius = share * (linalg::norm(&at.gradient) / self.convexity).squared();
        state.stage = Stage::First;
    }

    fn next(&self, state: &GeometricDescentState<T, N>) -> SVector<T, N> {
        match state.stage {
            Stage::First | Stage::Short => state.walk.at.x - state.walk.at.gradient / self.steepness(state),
            Stage::Line => state.short.x + (state.centre - state.short.x) * state.share,
        }
    }

    fn arrive(&self, state: &mut GeometricDescentState<T, N>, point: Point<T, N>) -> Status {
        match state.stage {
            Stage::First => self.search(state, point),
            Stage::Short => {
                self.intersect(state, point.value);
                self.search(state, point);
            }
            Stage::Line => self.judge(state, point),
        }
        Status::Running
    }
}

walked!(GeometricDescentState);

impl<T: Real> GeometricDescent<T> {
    /// β.
    fn steepness<const N: usize>(&self, state: &GeometricDescentState<T, N>) -> T {
        self.lipschitz / state.walk.caution
    }

    /// Steps 2 and 3 with the value at the new x⁺.
    fn intersect<const N: usize>(&self, state: &mut GeometricDescentState<T, N>, value: T) {
        let (at, twice) = (&state.walk.at, T::TWO / self.convexity);
        let a = at.x - at.gradient / self.convexity;
        let a_radius = (linalg::norm(&at.gradient) / self.convexity).squared() - twice * (at.value - value);
        let (b, b_radius) = (state.centre, state.radius - twice * (state.short.value - value));
        let apart = linalg::norm(&(a - b)).squared();
        let excess = a_radius - b_radius;
        if apart > T::ZERO && apart >= excess.abs() {
            state.centre = (a + b) * T::HALF - (a - b) * (T::HALF * excess / apart);
            state.radius = b_radius - (apart - excess).squared() / (T::of_f64(4.0) * apart);
        } else if excess > T::ZERO {
            state.radius = b_radius;
        } else {
            (state.centre, state.radius) = (a, a_radius);
        }
    }

    /// Opens step 1 at x⁺: the first trial does not go too far, by β.
    fn search<const N: usize>(&self, state: &mut GeometricDescentState<T, N>, short: Point<T, N>) {
        state.short = short;
        let way = state.centre - short.x;
        let slope = linalg::dot(&short.gradient, &way);
        state.before = (T::ZERO, slope);
        state.share = -slope / (self.steepness(state) * linalg::dot(&way, &way));
        state.tried = 0;
        if state.share.is_finite() && state.share != T::ZERO {
            state.stage = Stage::Line;
        } else {
            (state.walk.at, state.stage) = (short, Stage::Short);
        }
    }

    /// Ends the search or follows the secant, no farther than α and β allow.
    fn judge<const N: usize>(&self, state: &mut GeometricDescentState<T, N>, point: Point<T, N>) {
        let way = state.centre - state.short.x;
        let (slope, first) = (linalg::dot(&point.gradient, &way), linalg::dot(&state.short.gradient, &way));
        let (share, before) = (state.share, state.before);
        let secant = share - slope * (share - before.0) / (slope - before.1);
        let length = linalg::dot(&way, &way);
        let (near, far) = (slope / (self.steepness(state) * length), slope / (self.convexity * length));
        let next = secant.max(share - near.max(far)).min(share - near.min(far));
        state.tried = state.tried.saturating_add(1);
        if slope.abs() <= self.line_tolerance * first.abs()
            || state.tried >= TRIALS
            || !next.is_finite()
            || next == share
        {
            (state.walk.at, state.stage) = (point, Stage::Short);
        } else {
            (state.before, state.share) = ((share, slope), next);
        }
    }
}
