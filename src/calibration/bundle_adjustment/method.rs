//! Bundle adjustment by Levenberg-Marquardt, the points eliminated one at a time.
//!
//! Minimizes `F = ½ Σ ‖seen(camera c, point i) - pixel‖²` over all cameras and points. One iteration, two passes:
//!
//! 1. gather: each point is linearized, damped by `λ diag(JᵀJ)` and eliminated into the cameras' system (Schur complement),
//!    which is then damped likewise and solved for the cameras' step;
//! 2. trial: each point is linearized again for its own step, and the cost is found where both steps lead;
//! 3. `ρ = (F - F') / (model decrease)`: accept if `ρ ≥ 10⁻⁴`; `λ ← λ max(⅓, 1 - (2ρ - 1)³)` then, `λ ← λν`, `ν ← 2ν`
//!    otherwise.
//!
//! Reference: Triggs et al., "Bundle adjustment: a modern synthesis" (2000), §6.1; damping control of Nielsen, "Damping
//! parameter in Marquardt's method" (1999). Memory: one matrix of `(CD)²` and six vectors of `CD` scalars, whatever the number
//! of points; two positions for each point with the caller. Work: one point a step, `O((kD)²)` if `k` cameras see it, and
//! `O((CD)³)` in the step that ends a gathering pass. Position, orientation and size of the scene are free: damping leaves them
//! near the start.
//!
//! In `f32` the cost of 16 cameras and 1748 points comes out to six digits.
//!
//! For points that are known, fit a [`View`](crate::calibration::camera::View).

use nalgebra::{SMatrix, SVector};

use crate::calibration::bundle_adjustment::scene::{Landmark, Projection, Scene};
use crate::calibration::bundle_adjustment::schur::{self, Share, scale};
use crate::linalg::{self, entries};
use crate::real::Real;
use crate::step::{ConfigError, Criterion, Method, Stall, Status};

/// Parameters of bundle adjustment.
///
/// `D² = diag(JᵀJ)`, `p` is the step of all cameras and points with the damping `λ`, and `P` the decrease that the model promises
/// for it. Tests on `P` and `p` wait for the least damping, `λ = ε^¾`, because damping makes both small.
///
/// * [`Stall::Flat`] if then `P ≤ F · max(4ε, decrease_tolerance)` and `‖Dp‖ > ‖Dx‖/100`.
/// * [`Stall::NoDescent`] if `P ≤ P₀` and a trial did not find it, unless that is convergence, or if `λ ≥ 1/ε`. Rounding hides
///   `P₀ = ε (8√m F + ‖Dx‖ √(2F))` for `m` residuals.
///
/// ```
/// use nalgebra::vector;
/// use thalweg::{Method, calibration::bundle_adjustment::*, calibration::camera::Camera};
/// let camera = Camera::pinhole([100.0_f64, 100.0], [0.0, 0.0]);
/// let mut landmarks = [Landmark::new([0.0, 0.0, 9.0])];
/// let sightings = [[Some([10.0, 0.0]), Some([-10.0, 0.0])]]; // cameras at x = -1 and 1
/// let mut scene = StoredScene { projection: camera, sightings: &sightings, landmarks: &mut landmarks };
/// let mut fit = BundleState::<f64, 2, 6, 12>::new(vector![0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0]);
/// let _ = BundleAdjustment::default().run(&mut fit, &mut scene, 1000);
/// assert!(fit.cost() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BundleAdjustment<T> {
    /// [`Criterion::Gradient`]: `|gⱼ| ≤ gradient_tolerance · Dⱼ · √(2F)` for every parameter of cameras and points. Zero or
    /// more; default ε.
    pub gradient_tolerance: T,
    /// [`Criterion::Decrease`]: `λ = ε^¾` and `P ≤ decrease_tolerance · F`, or `P ≤ P₀`, a trial did not find it, and
    /// `|gⱼ| ≤ Dⱼ √(2P₀)` for every j. Zero or more; default ε^1.5.
    pub decrease_tolerance: T,
    /// [`Criterion::Step`]: `λ = ε^¾` and `‖Dp‖ ≤ step_tolerance · ‖Dx‖`. Zero or more; default 2ε.
    pub step_tolerance: T,
    /// The first `λ`, at least `ε^¾`. Positive; default 10⁻⁴.
    pub damping: T,
}

impl<T: Real> Default for BundleAdjustment<T> {
    fn default() -> Self {
        Self {
            gradient_tolerance: T::EPSILON,
            decrease_tolerance: T::EPSILON * T::SQRT_EPSILON,
            step_tolerance: T::TWO * T::EPSILON,
            damping: T::of_f64(1e-4),
        }
    }
}

impl<T: Real> BundleAdjustment<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let tolerances = [self.gradient_tolerance, self.decrease_tolerance, self.step_tolerance];
        if !tolerances.iter().all(|tolerance| *tolerance >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        let positive = self.damping > T::ZERO && self.damping.is_finite();
        if positive { Ok(()) } else { Err(ConfigError::NotPositive) }
    }
}

/// `ε^¾`: what the free directions of the scene need to be regular in spite of rounding.
fn least_damping<T: Real>() -> T {
    T::SQRT_EPSILON * T::SQRT_EPSILON.sqrt()
}

/// What a pass over the points does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Pass {
    Gather,
    Trial,
}

/// Memory of [`BundleAdjustment`]: `C` cameras of `D` parameters, `P = C · D` in all; the points are in the [`Scene`].
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct BundleState<T: Real, const C: usize, const D: usize, const P: usize> {
    /// The best cameras.
    x: SVector<T, P>,
    /// `F` there, infinite before the start is evaluated.
    cost: T,
    /// Whether the best position of a landmark is its second one.
    second: bool,
    /// The cameras on trial.
    candidate: SVector<T, P>,
    /// The cameras' system `U - W V⁻¹ Wᵀ`, lower triangle, then its factor.
    schur: SMatrix<T, P, P>,
    /// The cameras' gradient, its change by the elimination, and the diagonal of `U`.
    gradient: SVector<T, P>,
    reduction: SVector<T, P>,
    squares: SVector<T, P>,
    /// The cameras' step.
    step: SVector<T, P>,
    /// `λ`.
    damping: T,
    /// `ν`.
    growth: T,
    pass: Pass,
    /// The next point.
    next: usize,
    /// The cost gathered by the pass.
    sum: T,
    residuals: usize,
    /// The largest `|gⱼ|/Dⱼ`.
    slope: T,
    /// Whether all that was gathered is finite, and whether all points could be eliminated.
    finite: bool,
    regular: bool,
    /// `P`, `‖Dp‖²` and `‖Dx‖²`.
    promise: T,
    length: T,
    size: T,
    evaluations: u32,
    status: Status,
}

impl<T: Real, const C: usize, const D: usize, const P: usize> BundleState<T, C, D, P> {
    /// A memory at the start of the cameras, one after the other; the points start where their landmarks are.
    #[must_use]
    pub const fn new(cameras: SVector<T, P>) -> Self {
        const { assert!(C > 0 && D > 0 && P == C * D, "P is the number of cameras times their parameters") }
        Self {
            x: cameras,
            cost: T::INFINITY,
            second: false,
            candidate: cameras,
            schur: linalg::zeros(),
            gradient: linalg::zeros(),
            reduction: linalg::zeros(),
            squares: linalg::zeros(),
            step: linalg::zeros(),
            damping: T::ZERO,
            growth: T::TWO,
            pass: Pass::Gather,
            next: 0,
            sum: T::ZERO,
            residuals: 0,
            slope: T::ZERO,
            finite: true,
            regular: true,
            promise: T::ZERO,
            length: T::ZERO,
            size: T::ZERO,
            evaluations: 0,
            status: Status::Running,
        }
    }

    /// The best cameras evaluated so far, one after the other; the start before it is evaluated.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, P> {
        &self.x
    }

    /// The parameters of the best cameras evaluated so far.
    pub fn cameras(&self) -> impl Iterator<Item = [T; D]> {
        entries(&self.x).as_chunks::<D>().0.iter().copied()
    }

    /// The position of a landmark of this solve that belongs to [`x`](Self::x).
    #[must_use]
    pub const fn position(&self, landmark: &Landmark<T>) -> [T; 3] {
        if self.second { landmark.second } else { landmark.first }
    }

    /// `F` at [`x`](Self::x); infinite before the start is evaluated.
    #[must_use]
    pub const fn cost(&self) -> T {
        self.cost
    }

    /// `λ` of the step under way.
    #[must_use]
    pub const fn damping(&self) -> T {
        self.damping
    }

    /// The status after the last step.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The points of the iteration evaluated so far, the start and rejected ones included.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.evaluations
    }
}

impl<T, S, const C: usize, const D: usize, const P: usize> Method<S, BundleState<T, C, D, P>> for BundleAdjustment<T>
where
    T: Real,
    S: Scene<T, C, D>,
{
    fn step(&self, fit: &mut BundleState<T, C, D, P>, scene: &mut S) -> Result<Status, S::Error> {
        if fit.status != Status::Running {
            return Ok(fit.status);
        }
        let points = scene.points();
        if fit.damping == T::ZERO {
            if let Err(error) = self.validate() {
                fit.status = Status::Stalled(Stall::Config(error));
            } else if points == 0 {
                fit.status = Status::Stalled(Stall::NoData);
            }
            if fit.status != Status::Running {
                return Ok(fit.status);
            }
            fit.damping = self.damping.max(least_damping());
        }
        let mut seen = [None; C];
        scene.sightings(fit.next, &mut seen)?;
        let projection = scene.projection();
        if let Some(landmark) = scene.landmark(fit.next) {
            match fit.pass {
                Pass::Gather => fit.gather(&projection, landmark, &seen),
                Pass::Trial => fit.attempt(&projection, landmark, &seen),
            }
        }
        fit.next = fit.next.saturating_add(1);
        let lost = fit.pass == Pass::Trial && !(fit.sum <= fit.cost + fit.noise());
        if lost || fit.next >= points {
            match fit.pass {
                Pass::Gather => fit.propose(self),
                Pass::Trial => fit.judge(self, lost),
            }
            fit.next = 0;
        }
        Ok(fit.status)
    }
}

impl<T: Real, const C: usize, const D: usize, const P: usize> BundleState<T, C, D, P> {
    /// The decrease of the cost that rounding of the sum and of the residuals hides.
    fn noise(&self) -> T {
        let (sum, root) = (T::of_f64(8.0) * T::of_usize(self.residuals).sqrt() * self.cost, T::TWO * self.cost);
        T::EPSILON * (sum + (self.size * root).sqrt())
    }

    /// Takes in one squared column norm with its entry of the gradient.
    fn weigh(&mut self, square: T, gradient: T) {
        self.finite &= square.is_finite() && gradient.is_finite();
        if square > T::ZERO {
            self.slope = self.slope.max(gradient.abs() / square.sqrt());
        }
    }

    /// Takes one parameter's part of the step into promise and lengths.
    fn promise(&mut self, square: T, gradient: T, step: T, x: T) {
        let scale = scale(square);
        self.promise += T::HALF * (self.damping * scale * step - gradient) * step;
        self.length += scale * step * step;
        self.size += scale * x * x;
    }

    /// One point of a gathering pass.
    fn gather<Q>(&mut self, projection: &Q, landmark: &Landmark<T>, seen: &[Option<[T; 2]>; C])
    where
        Q: Projection<T, D>,
    {
        let (schur, squares, gradient) = (&mut self.schur, &mut self.squares, &mut self.gradient);
        let position = if self.second { landmark.second } else { landmark.first };
        let mut share = Share::<T, C, D>::gather(projection, entries(&self.x), position, seen, |c, rows, r| {
            schur::add_camera(c, rows, r, schur, squares, gradient);
        });
        self.sum += share.cost;
        self.residuals = self.residuals.saturating_add(share.residuals);
        for (&square, &gradient) in entries(&share.squares).iter().zip(entries(&share.gradient)) {
            self.weigh(square, gradient);
        }
        if share.factor(self.damping) {
            share.eliminate(&mut self.schur, &mut self.reduction);
        } else {
            self.regular = false;
        }
    }

    /// One point of a trial pass: its step, and its cost there.
    fn attempt<Q>(&mut self, projection: &Q, landmark: &mut Landmark<T>, seen: &[Option<[T; 2]>; C])
    where
        Q: Projection<T, D>,
    {
        let position = self.position(landmark);
        let mut share = Share::<T, C, D>::gather(projection, entries(&self.x), position, seen, |_, _, _| {});
        let mut step = linalg::zeros();
        if share.factor(self.damping) {
            step = share.substitute(entries(&self.step));
        }
        let mut moved = position;
        let terms = entries(&share.squares).iter().zip(entries(&share.gradient)).zip(entries::<T, 3>(&step));
        for (to, ((&square, &gradient), &p)) in moved.iter_mut().zip(terms) {
            self.promise(square, gradient, p, *to);
            *to += p;
        }
        self.sum += schur::cost(projection, entries(&self.candidate), moved, seen);
        if self.second {
            landmark.first = moved;
        } else {
            landmark.second = moved;
        }
    }

    fn begin_gathering(&mut self) {
        self.pass = Pass::Gather;
        self.schur = linalg::zeros();
        self.gradient = linalg::zeros();
        self.reduction = linalg::zeros();
        self.squares = linalg::zeros();
        (self.sum, self.residuals, self.slope) = (T::ZERO, 0, T::ZERO);
        (self.finite, self.regular) = (true, true);
    }

    /// Ends a gathering pass: tests for convergence at `x`, and if it does not hold, solves for the cameras' step.
    fn propose(&mut self, method: &BundleAdjustment<T>) {
        for j in 0..P {
            self.weigh(entries(&self.squares)[j], entries(&self.gradient)[j]);
        }
        if !(self.finite && self.sum.is_finite()) {
            self.status = Status::Stalled(Stall::NonFinite);
            return;
        }
        if self.residuals == 0 {
            self.status = Status::Stalled(Stall::NoData);
            return;
        }
        if self.cost == T::INFINITY {
            self.cost = self.sum;
            self.evaluations = 1;
        }
        if self.slope <= method.gradient_tolerance * (T::TWO * self.cost).sqrt() {
            self.status = Status::Converged(Criterion::Gradient);
            return;
        }
        let right = self.gradient + self.reduction;
        let solved = schur::solve(&mut self.schur, &self.squares, &right, self.damping, &mut self.step);
        if !(self.regular && solved) {
            self.retreat();
            return;
        }
        self.candidate = self.x + self.step;
        (self.promise, self.length, self.size) = (T::ZERO, T::ZERO, T::ZERO);
        for j in 0..P {
            let (square, gradient) = (entries(&self.squares)[j], entries(&self.gradient)[j]);
            self.promise(square, gradient, entries(&self.step)[j], entries(&self.x)[j]);
        }
        self.pass = Pass::Trial;
        self.sum = T::ZERO;
    }

    /// More damping, and another pass from the same point.
    fn retreat(&mut self) {
        self.damping *= self.growth;
        self.growth *= T::TWO;
        if self.damping < T::ONE / T::EPSILON {
            self.begin_gathering();
        } else {
            self.status = Status::Stalled(Stall::NoDescent);
        }
    }

    /// Ends a trial pass: accepts or rejects; `lost` before all points were seen.
    fn judge(&mut self, method: &BundleAdjustment<T>, lost: bool) {
        self.evaluations = self.evaluations.saturating_add(1);
        let ratio = (self.cost - self.sum) / self.promise;
        let noise = self.noise();
        let (length, size) = (self.length.sqrt(), self.size.sqrt());
        let least = self.damping <= least_damping();
        let small = |tolerance: T| least && !lost && self.promise <= tolerance * self.cost;
        let drifting =
            small(method.decrease_tolerance.max(T::of_f64(4.0) * T::EPSILON)) && length > T::of_f64(1e-2) * size;
        let decreased = small(method.decrease_tolerance);
        let short = least && !lost && length <= method.step_tolerance * size;
        let accepted = !lost && ratio >= T::of_f64(1e-4);
        if accepted {
            self.x = self.candidate;
            self.cost = self.sum;
            self.second = !self.second;
        }
        if drifting {
            self.status = Status::Stalled(Stall::Flat);
        } else if short {
            self.status = Status::Converged(Criterion::Step);
        } else if decreased {
            self.status = Status::Converged(Criterion::Decrease);
        } else if accepted {
            let rest = T::TWO * ratio - T::ONE;
            let factor = (T::ONE - rest * rest * rest).max(T::of_f64(1.0 / 3.0));
            self.damping = (self.damping * factor).max(least_damping());
            self.growth = T::TWO;
            self.begin_gathering();
        } else if !lost && self.promise <= noise {
            if least && self.slope <= (T::TWO * noise).sqrt() {
                self.status = Status::Converged(Criterion::Decrease);
            } else if least || self.growth > T::TWO {
                self.status = Status::Stalled(Stall::NoDescent);
            } else {
                // A damping so large that no decrease can be seen says nothing about the point.
                self.damping = least_damping();
                self.begin_gathering();
            }
        } else {
            self.retreat();
        }
    }
}

impl<T: Real, const C: usize, const D: usize, const P: usize> From<SVector<T, P>> for BundleState<T, C, D, P> {
    fn from(start: SVector<T, P>) -> Self {
        Self::new(start)
    }
}
