//! Gradient descent with backtracking: the smallest method, to read first.
//!
//! Minimizes a smooth `f`. One iteration, with `g = ∇f(x)`:
//!
//! 1. try `x - t g`, with `t` twice the last accepted rate;
//! 2. accept if `f(x - t g) ≤ f(x) - c t ‖g‖²` (Armijo), else halve `t` and try again.
//!
//! Reference: Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 3.1. Memory: two vectors. Converges linearly, at
//! a rate that the conditioning of the Hessian sets; choose it to learn the interface or when N is large and `f` well scaled.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::ranges::{at_least, fraction, tolerance};
use crate::real::Real;
use crate::smooth::point::{Point, placed};
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of gradient descent.
///
/// ```
/// use thalweg::{Method, smooth::GradientDescent, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut bowl = gradient_fn(|x, g| { *g = vector![x[0] - 1.0, 4.0 * (x[1] + 2.0)]; 0.5 * x[0] * x[0] - x[0] + 2.0 * (x[1] + 2.0) * (x[1] + 2.0) });
/// let (state, status) = GradientDescent::default().solve(vector![0.0_f64, 0.0], &mut bowl, 1000).unwrap();
/// assert!(status != thalweg::Status::Running && (state.x() - vector![1.0, -2.0]).amax() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GradientDescent<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// The first rate tried. Positive; default 1.
    pub initial_rate: T,
    /// The factor of a rejected rate; its inverse opens the next search. In (0, 1); default ½.
    pub shrink: T,
    /// Armijo's `c`. In (0, 1); default 10⁻⁴.
    pub sufficient_decrease: T,
}

impl<T: Real> Default for GradientDescent<T> {
    fn default() -> Self {
        Self {
            gradient_tolerance: T::SQRT_EPSILON,
            initial_rate: T::ONE,
            shrink: T::HALF,
            sufficient_decrease: T::of_f64(1e-4),
        }
    }
}

impl<T: Real> GradientDescent<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.initial_rate)?;
        fraction(self.shrink)?;
        fraction(self.sufficient_decrease)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for value and gradient at `x`.
    Linearize,
    /// Ask for the value at `x - rate · gradient`.
    Trial,
    Done(Status),
}

/// Memory of [`GradientDescent`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct GradientDescentState<T: Real, const N: usize> {
    /// x; its slope is infinite until its gradient is asked for.
    best: Point<T, N>,
    /// `t`, zero before the first search.
    rate: T,
    phase: Phase,
}

impl<T: Real, const N: usize> GradientDescentState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), rate: T::ZERO, phase: Phase::Linearize }
    }

    /// `∇f` at [`x`](Self::x), where it has been asked for: none before the first step and after one that moved x, till the next.
    #[must_use]
    pub fn gradient(&self) -> Option<&SVector<T, N>> {
        self.best.slope().is_finite().then_some(&self.best.gradient)
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, GradientDescentState<T, N>> for GradientDescent<T> {
    fn step(&self, state: &mut GradientDescentState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Linearize => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let point = Point::measure(state.best.x, problem)?;
                    // An infinite rate could not be shrunk.
                    let longer = (state.rate / self.shrink).min(T::ONE / T::TINY);
                    state.rate = if state.rate > T::ZERO { longer } else { self.initial_rate };
                    state.phase = Phase::Trial;
                    point.open(&mut state.best, self.gradient_tolerance)
                }
            }
            Phase::Trial => {
                let Point { x, value, gradient, .. } = &state.best;
                let trial = x - gradient * state.rate;
                if trial == *x {
                    Status::Stalled(Stall::NoDescent)
                } else {
                    let found = problem.value(&trial)?;
                    let wanted = self.sufficient_decrease * state.rate * linalg::dot(gradient, gradient);
                    // NaN and infinity fail the comparison and are rejected with it.
                    if *value - found >= wanted && found.is_finite() && linalg::all_finite(&trial) {
                        Point::of(trial, found, *gradient).with_slope(T::INFINITY).replace(&mut state.best);
                        state.phase = Phase::Linearize;
                    } else {
                        state.rate *= self.shrink;
                    }
                    Status::Running
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

placed!(GradientDescentState => best);
