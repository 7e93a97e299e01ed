//! Coordinate descent for fractional minimization: a quadratic plus l1 over an l1 norm, each coordinate solved globally.
//!
//! Minimizes `F(x) = (f(x) + μ‖x‖₁) / (o + w‖x‖₁)` for an f that along coordinate j stays below `S(e) = f(x) + e ∂ⱼf(x) + ½ cⱼ e²`.
//! For each coordinate in turn, with a proximity θ:
//!
//! * FCD: `e = argmin [S(e) + μ‖x + e eⱼ‖₁ + ½ θ e²] / (o + w‖x + e eⱼ‖₁)`;
//! * PCD: `e = argmin S(e) + μ‖x + e eⱼ‖₁ + ½ θ e² - F(x) (o + w‖x + e eⱼ‖₁)`.
//!
//! Both are solved globally over the candidates: the kink and the stationary points of the pieces; a local step would stop at points
//! that are not even stationary along a coordinate. Reference: Yuan, "Coordinate descent methods for fractional minimization", ICML 2023, algorithms
//! 1 and 2. F falls with every step. Memory: three vectors. One gradient a coordinate. Choose it for sparse recovery by ratios
//! such as `(½‖A x - b‖² + μ‖x‖₁)/‖x‖₁`; PCD is cheaper and converges faster near the end, FCD looks further.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::{Real, haze};
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// What a coordinate minimizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FractionalRule {
    /// The ratio itself (FCD).
    Ratio,
    /// The numerator less F times the denominator (PCD).
    #[default]
    Parametric,
}

/// Parameters of fractional coordinate descent.
///
/// ```
/// use thalweg::{Method, composite::{FractionalCoordinate, FractionalState}, problem::gradient_fn};
/// use nalgebra::{Vector1, vector};
/// let mut numerator = gradient_fn(|x: &Vector1<f64>, g| { g[0] = x[0] - 2.0; 0.5 * g[0] * g[0] + 1.0 });
/// let method = FractionalCoordinate::new(vector![1.0]);
/// let (state, _) = method.solve(vector![1.0], &mut numerator, 100).unwrap();
/// assert!((state.x()[0] - 6.0_f64.sqrt()).abs() < 1e-6 && (state.value() - 6.0_f64.sqrt() + 2.0).abs() < 1e-10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct FractionalCoordinate<T: Real, const N: usize> {
    /// c: an upper bound on the curvature of f along each coordinate; for a quadratic the diagonal of its Hessian. Positive.
    pub curvature: SVector<T, N>,
    /// μ. Zero or more; default 0.
    pub strength: T,
    /// w. Positive; default 1.
    pub weight: T,
    /// o. Zero or more; default 0.
    pub offset: T,
    /// θ. Zero or more; default 10⁻⁶.
    pub proximity: T,
    /// Which of the two problems a coordinate solves; default [`FractionalRule::Parametric`].
    pub rule: FractionalRule,
    /// [`Criterion::Step`]: no coordinate moved by more than `step_tolerance · max(1, max |xⱼ|)` in a whole sweep. Zero or more; default √ε.
    pub step_tolerance: T,
}

impl<T: Real, const N: usize> FractionalCoordinate<T, N> {
    /// The default parameters with the curvatures.
    pub fn new(curvature: SVector<T, N>) -> Self {
        Self {
            curvature,
            strength: T::ZERO,
            weight: T::ONE,
            offset: T::ZERO,
            proximity: T::of_f64(1e-6),
            rule: FractionalRule::Parametric,
            step_tolerance: T::SQRT_EPSILON,
        }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.step_tolerance)?;
        tolerance(self.proximity)?;
        at_least(T::ZERO, self.weight)?;
        self.curvature.iter().try_for_each(|&c| at_least(T::ZERO, c))?;
        for weight in [self.strength, self.offset] {
            if !(weight >= T::ZERO && weight.is_finite()) {
                return Err(ConfigError::Weight);
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask at the point with one coordinate moved.
    Trial,
    Done(Status),
}

/// Memory of [`FractionalCoordinate`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct FractionalState<T: Real, const N: usize> {
    /// The best point.
    x: SVector<T, N>,
    /// `f(x)`.
    smooth: T,
    /// `F(x)`.
    value: T,
    /// `∇f(x)`.
    gradient: SVector<T, N>,
    /// What the curvatures are multiplied with.
    caution: T,
    /// The coordinate whose turn it is.
    coordinate: usize,
    /// How many coordinates in a row have moved by no more than the tolerance.
    quiet: usize,
    phase: Phase,
}

impl<T: Real, const N: usize> FractionalState<T, N> {
    /// A memory at a starting point, where the denominator must not vanish.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            x,
            smooth: T::INFINITY,
            value: T::INFINITY,
            gradient: linalg::zeros(),
            caution: T::ONE,
            coordinate: 0,
            quiet: 0,
            phase: Phase::Start,
        }
    }

    /// The best point so far.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.x
    }

    /// `F` at [`x`](Self::x); infinite before the first step.
    #[must_use]
    pub const fn value(&self) -> T {
        self.value
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Method<P, FractionalState<T, N>> for FractionalCoordinate<T, N> {
    fn step(&self, state: &mut FractionalState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        let mut gradient = linalg::zeros();
        let status = match state.phase {
            Phase::Done(status) => status,
            Phase::Start => {
                if let Err(error) = self.validate() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let smooth = problem.gradient(&state.x, &mut gradient)?;
                    let value = self.ratio(&state.x, smooth);
                    if value.is_finite() && linalg::all_finite(&gradient) && linalg::all_finite(&state.x) {
                        (state.smooth, state.value, state.gradient) = (smooth, value, gradient);
                        state.phase = Phase::Trial;
                        Status::Running
                    } else {
                        Status::Stalled(Stall::NonFinite)
                    }
                }
            }
            Phase::Trial => {
                let trial = self.trial(state);
                if trial == state.x {
                    self.next(state, T::ZERO)
                } else {
                    let smooth = problem.gradient(&trial, &mut gradient)?;
                    self.judge(state, &trial, smooth, &gradient)
                }
            }
        };
        if status != Status::Running {
            state.phase = Phase::Done(status);
        }
        Ok(status)
    }
}

impl<T: Real, const N: usize> FractionalCoordinate<T, N> {
    /// `F(x)`; an infinite value where the denominator vanishes.
    fn ratio(&self, x: &SVector<T, N>, smooth: T) -> T {
        let size = x.iter().fold(T::ZERO, |sum, x| sum + x.abs());
        let denominator = self.offset + self.weight * size;
        if denominator > T::ZERO { (smooth + self.strength * size) / denominator } else { T::INFINITY }
    }

    /// The point with one coordinate at its global minimizer.
    fn trial(&self, state: &FractionalState<T, N>) -> SVector<T, N> {
        let mut trial = state.x;
        let size = trial.iter().fold(T::ZERO, |sum, x| sum + x.abs());
        let coordinates = trial.iter_mut().zip(state.gradient.iter()).zip(self.curvature.iter());
        for ((x, &g), &c) in coordinates.skip(state.coordinate).take(1) {
            let at = *x;
            let rest = (size - at.abs()).max(T::ZERO);
            let bend = c * state.caution + self.proximity;
            let numerator = |z: T| {
                state.smooth + g * (z - at) + T::HALF * bend * (z - at).squared() + self.strength * (rest + z.abs())
            };
            let denominator = |z: T| self.offset + self.weight * (rest + z.abs());
            let merit = |z: T| match self.rule {
                FractionalRule::Parametric => numerator(z) - state.value * denominator(z),
                FractionalRule::Ratio if denominator(z) > T::ZERO => numerator(z) / denominator(z),
                FractionalRule::Ratio => T::INFINITY,
            };
            let mut least = merit(at);
            let mut consider = |z: T| {
                let merit = merit(z);
                if merit < least {
                    (least, *x) = (merit, z);
                }
            };
            consider(T::ZERO);
            for sign in [T::ONE, -T::ONE] {
                // Stationary points of the piece with this sign of z; of the ratio by the numerator a z² + b z + k.
                let slope = g - bend * at + sign * self.strength;
                match self.rule {
                    FractionalRule::Parametric => consider((sign * state.value * self.weight - slope) / bend),
                    FractionalRule::Ratio => {
                        let (level, tilt) = (self.offset + self.weight * rest, sign * self.weight);
                        let k = state.smooth - g * at + T::HALF * bend * at.squared() + self.strength * rest;
                        let (half, free) = (bend * level, slope * level - tilt * k);
                        let root = (half.squared() - T::TWO * bend * tilt * free).sqrt();
                        for root in [root, -root] {
                            let z = (root - half) / (bend * tilt);
                            if z * sign > T::ZERO {
                                consider(z);
                            }
                        }
                    }
                }
            }
        }
        trial
    }

    /// Accepts a trial that does not raise F; else the curvatures are too small.
    fn judge(
        &self,
        state: &mut FractionalState<T, N>,
        trial: &SVector<T, N>,
        smooth: T,
        gradient: &SVector<T, N>,
    ) -> Status {
        let value = self.ratio(trial, smooth);
        let finite = linalg::all_finite(gradient) && linalg::all_finite(trial);
        if !(value <= state.value + haze(state.value, value) && finite) {
            state.caution *= T::TWO;
            let lost = !state.caution.is_finite();
            return if lost { Status::Stalled(Stall::NoDescent) } else { Status::Running };
        }
        let moved = linalg::max_abs(&(trial - state.x));
        (state.x, state.smooth, state.value, state.gradient) = (*trial, smooth, value, *gradient);
        self.next(state, moved)
    }

    /// The next coordinate, unless a whole sweep has been quiet.
    fn next(&self, state: &mut FractionalState<T, N>, moved: T) -> Status {
        let quiet = moved <= self.step_tolerance * linalg::max_abs(&state.x).max(T::ONE);
        state.quiet = if quiet { state.quiet.saturating_add(1) } else { 0 };
        let next = state.coordinate.wrapping_add(1);
        state.coordinate = if next < N { next } else { 0 };
        if state.quiet >= N { Status::Converged(Criterion::Step) } else { Status::Running }
    }
}

impl<T: Real, const N: usize> From<SVector<T, N>> for FractionalState<T, N> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}
