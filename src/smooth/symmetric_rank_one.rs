//! Symmetric rank one in a trust region: a quasi-Newton method whose Hessian may be indefinite.
//!
//! Minimizes a smooth `f`. One iteration, with the model `m(s) = ⟨g, s⟩ + ½ sᵀB s`:
//!
//! 1. s is the global minimizer of m in the ball `‖s‖ ≤ Δ`, from the spectrum of B;
//! 2. `x⁺ = x + s` if the value falls by a tenth of what m promises; Δ shrinks to `‖s‖/4` below a quarter, and doubles above three
//!    quarters of it;
//! 3. `B⁺ = B + r rᵀ/⟨r, s⟩`, `r = y - B s`, `y = ∇f(x + s) - g`, also after a rejected step, unless `|⟨r, s⟩| < √ε ‖r‖ ‖s‖`.
//!
//! Where Δ vanishes, B is forgotten once. Before the first update `B = ‖y‖²/⟨s, y⟩ I` if that is positive. Reference: Nocedal & Wright, Numerical Optimization, 2nd ed.,
//! algorithm 6.2, equations 6.24 and 6.26. Memory: a matrix and three vectors; an iteration costs O(N³). It follows
//! negative curvature that it has seen; choose [`Bfgs`](crate::smooth::Bfgs) where N is more than a few dozen.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns_mut, dot, matrix, multiply, norm};
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::{Real, haze};
use crate::smooth::point::{Point, readable};
use crate::smooth::trust_region::{adapt_radius, exact_step};
use crate::step::{ConfigError, Method, Stall, Status};

/// Parameters of the symmetric rank one method.
///
/// ```
/// use thalweg::{Method, smooth::SymmetricRankOne, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut bowl = gradient_fn(|x, g| { *g = vector![x[0] - 1.0, 9.0 * (x[1] + 2.0)]; 0.5 * (x[0] - 1.0) * (x[0] - 1.0) + 4.5 * (x[1] + 2.0) * (x[1] + 2.0) });
/// let (state, status) = SymmetricRankOne::default().solve(vector![0.0_f64, 0.0], &mut bowl, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, -2.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SymmetricRankOne<T> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start. Zero or more;
    /// default √ε.
    pub gradient_tolerance: T,
    /// The first Δ. Positive; default 1.
    pub initial_radius: T,
}

impl<T: Real> Default for SymmetricRankOne<T> {
    fn default() -> Self {
        Self { gradient_tolerance: T::SQRT_EPSILON, initial_radius: T::ONE }
    }
}

impl<T: Real> SymmetricRankOne<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.initial_radius)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at `x + s`.
    Trial,
    Done(Status),
}

/// Memory of [`SymmetricRankOne`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct SymmetricRankOneState<T: Real, const N: usize> {
    /// x.
    best: Point<T, N>,
    /// B, zero before the first update.
    hessian: SMatrix<T, N, N>,
    /// Δ.
    radius: T,
    /// Whether B was forgotten since the best point last changed.
    forgotten: bool,
    phase: Phase,
}

impl<T: Real, const N: usize> SymmetricRankOneState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), hessian: linalg::zeros(), radius: T::ZERO, forgotten: false, phase: Phase::Start }
    }

    /// Step 3.
    fn learn(&mut self, s: &SVector<T, N>, y: &SVector<T, N>) {
        let bend = dot(s, y);
        if linalg::columns(&self.hessian).iter().flatten().all(|&h| h == T::ZERO) && bend > T::ZERO {
            let stiffness = dot(y, y) / bend;
            self.hessian = matrix(|i, j| if i == j { stiffness } else { T::ZERO });
        }
        let mut product = linalg::zeros();
        multiply(&self.hessian, s, &mut product);
        let r = *y - product;
        let along = dot(&r, s);
        if !(along.abs() >= T::SQRT_EPSILON * norm(&r) * norm(s)
            && along != T::ZERO
            && linalg::all_finite(&(r / along)))
        {
            return;
        }
        for (column, &r_j) in columns_mut(&mut self.hessian).iter_mut().zip(r.iter()) {
            for (h, &r) in column.iter_mut().zip(r.iter()) {
                *h += r * (r_j / along);
            }
        }
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, SymmetricRankOneState<T, N>> for SymmetricRankOne<T> {
    fn step(&self, state: &mut SymmetricRankOneState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let point = Point::measure(state.best.x, problem)?;
                    state.radius = self.initial_radius;
                    state.phase = Phase::Trial;
                    point.open(&mut state.best, self.gradient_tolerance)
                }
            }
            Phase::Trial => {
                let s = exact_step(&state.hessian, &state.best.gradient, state.radius);
                let trial = state.best.x + s;
                if trial == state.best.x || !linalg::all_finite(&s) {
                    if state.forgotten {
                        Status::Stalled(Stall::NoDescent)
                    } else {
                        state.hessian = linalg::zeros();
                        state.radius = self.initial_radius;
                        state.forgotten = true;
                        Status::Running
                    }
                } else {
                    let trial = Point::measure(trial, problem)?;
                    self.judge(state, &trial, &s)
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real> SymmetricRankOne<T> {
    /// Steps 2 and 3, after the oracle's answer.
    fn judge<const N: usize>(
        &self,
        state: &mut SymmetricRankOneState<T, N>,
        trial: &Point<T, N>,
        s: &SVector<T, N>,
    ) -> Status {
        let mut product = linalg::zeros();
        multiply(&state.hessian, s, &mut product);
        let promised = -dot(s, &(state.best.gradient + product * T::HALF));
        let decrease = if trial.is_finite() { state.best.value - trial.value } else { T::NAN };
        let y = trial.gradient - state.best.gradient;
        // Where rounding hides the decrease, a smaller gradient decides.
        let hidden = decrease.abs().max(promised.abs()) <= haze(state.best.value, trial.value);
        let better = if hidden {
            trial.improve(&mut state.best)
        } else {
            // Rounding can make the promise negative as well.
            let fall = if decrease > T::ZERO { decrease } else { T::NAN };
            let better = adapt_radius(fall, promised, norm(s), &mut state.radius);
            if better {
                trial.replace(&mut state.best);
            }
            better
        };
        if hidden && !better {
            state.radius = T::of_f64(0.25) * norm(s).min(state.radius);
        }
        state.forgotten &= !better;
        if trial.is_finite() {
            state.learn(s, &y);
        }
        state.best.status(self.gradient_tolerance)
    }
}

readable!(SymmetricRankOneState);
