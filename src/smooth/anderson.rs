//! Anderson acceleration of a fixed-point iteration.
//!
//! Finds an x with `G(x) = x` for any map G, by the last M differences of residuals `r = G(x) - x` and of images. One iteration:
//!
//! 1. `γ = argmin ‖r - ΔR γ‖`;
//! 2. `x⁺ = G(x) - ΔG γ - (1 - β) (r - ΔR γ)`;
//! 3. where the merit of x⁺ is above that of x: `x⁺ = G(x) - (1 - β) r`.
//!
//! On linear maps it is the generalized minimal residual method. The differences are orthogonalized from the newest to the oldest, the
//! images along with them, and one that the newer ones explain is left out. Over [`GradientStep`](crate::problem::GradientStep) it is a
//! method for smooth functions, whose value extrapolation never raises.
//!
//! Reference: Anderson, "Iterative procedures for nonlinear integral equations", 1965; Walker & Ni, "Anderson acceleration for
//! fixed-point iterations", 2011, section 2; step 3 is a safeguard of this crate. Memory: two points and 2M vectors. One map an
//! iteration. Choose it where G is at hand and contracts slowly, as in coordinate descent, splitting, or
//! expectation-maximization.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut, dot_of, entries, norm_of};
use crate::problem::FixedPoint;
use crate::ranges::{at_least, fraction, tolerance};
use crate::real::{Real, haze};
use crate::smooth::point::Point;
use crate::smooth::walk::{self, PATIENCE, Walk, Walker};
use crate::step::{ConfigError, Criterion, Method, Status};

/// Parameters of Anderson acceleration.
///
/// ```
/// use thalweg::{Method, smooth::{Anderson, AndersonState}, problem::map_fn};
/// use nalgebra::{SVector, vector};
/// let mut map = map_fn(|x: &SVector<f64, 2>| vector![0.9_f64 * x[0] + 1.0, (x[1] + 0.1 * x[0]).cos()]);
/// let mut state: AndersonState<f64, 2> = vector![0.0, 0.0].into();
/// assert_eq!(Anderson::default().run(&mut state, &mut map, 30).unwrap(), thalweg::Status::Converged(thalweg::Criterion::Residual));
/// assert!((state.x()[0] - 10.0).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Anderson<T> {
    /// β. Positive, at most 1; default 1. After a point where G is not finite the solve begins again at the best point with half the β.
    pub mixing: T,
    /// The share of a difference that the newer ones must leave unexplained. In (0, 1); default √ε/100.
    pub independence: T,
    /// [`Criterion::Residual`]: `max |G(x)ⱼ - xⱼ| ≤ residual_tolerance · max(1, max |xⱼ|)`. Zero or more; default √ε.
    pub residual_tolerance: T,
    /// So many steps in a row may bring nothing better before [`Stall::NoDescent`](crate::Stall::NoDescent). Default 1000.
    pub patience: u32,
}

impl<T: Real> Default for Anderson<T> {
    fn default() -> Self {
        Self {
            mixing: T::ONE,
            independence: T::of_f64(0.01) * T::SQRT_EPSILON,
            residual_tolerance: T::SQRT_EPSILON,
            patience: PATIENCE,
        }
    }
}

impl<T: Real> Anderson<T> {
    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.residual_tolerance)?;
        at_least(T::ZERO, self.mixing)?;
        fraction(self.independence)?;
        if self.mixing <= T::ONE { Ok(()) } else { Err(ConfigError::Fraction) }
    }
}

/// Memory of [`Anderson`] with M differences; with none it is the plain iteration.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct AndersonState<T: Real, const N: usize, const M: usize = 5> {
    /// x, and the best of them; for a gradient `x - G(x)`.
    walk: Walk<T, N>,
    /// ΔR, the newest first; zero where there is none yet.
    residuals: SMatrix<T, N, M>,
    /// ΔG.
    images: SMatrix<T, N, M>,
    /// Whether step 3 follows.
    plain: bool,
}

impl<T: Real, const N: usize, const M: usize> AndersonState<T, N, M> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { walk: Walk::new(x), residuals: linalg::zeros(), images: linalg::zeros(), plain: true }
    }

    /// The point of the lowest merit so far.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.walk.best.x
    }

    /// The merit of [`x`](Self::x); infinite before the first step.
    #[must_use]
    pub const fn value(&self) -> T {
        self.walk.best.value
    }

    /// `max |G(x)ⱼ - xⱼ|` at [`x`](Self::x).
    #[must_use]
    pub fn residual(&self) -> T {
        self.walk.best.slope()
    }

    /// Where the iteration stands, better than [`x`](Self::x) or not.
    #[must_use]
    pub const fn iterate(&self) -> &SVector<T, N> {
        &self.walk.at.x
    }
}

impl<T: Real, const N: usize, const M: usize> From<SVector<T, N>> for AndersonState<T, N, M> {
    fn from(start: SVector<T, N>) -> Self {
        Self::new(start)
    }
}

impl<T: Real, const N: usize, const M: usize, P: FixedPoint<T, N>> Method<P, AndersonState<T, N, M>> for Anderson<T> {
    fn step(&self, state: &mut AndersonState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
        walk::step_by(self, state, |x| {
            let mut image = linalg::zeros();
            let merit = problem.map(&x, &mut image)?;
            Ok(Point::of(x, merit, x - image))
        })
    }
}

impl<T: Real, const N: usize, const M: usize> Walker<T, N, AndersonState<T, N, M>> for Anderson<T> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn walk(state: &mut AndersonState<T, N, M>) -> &mut Walk<T, N> {
        &mut state.walk
    }

    fn patience(&self) -> u32 {
        self.patience
    }

    fn status(&self, best: &Point<T, N>) -> Status {
        let wanted = self.residual_tolerance * linalg::max_abs(&best.x).max(T::ONE);
        if best.slope() <= wanted { Status::Converged(Criterion::Residual) } else { Status::Running }
    }

    fn depart(&self, state: &mut AndersonState<T, N, M>) {
        (state.residuals, state.images, state.plain) = (linalg::zeros(), linalg::zeros(), true);
    }

    fn next(&self, state: &AndersonState<T, N, M>) -> SVector<T, N> {
        let Walk { at, caution, .. } = &state.walk;
        let (image, residual) = if state.plain { (at.x - at.gradient, -at.gradient) } else { self.extrapolated(state) };
        let held = T::ONE - self.mixing * *caution;
        if held == T::ZERO { image } else { image - residual * held }
    }

    fn arrive(&self, state: &mut AndersonState<T, N, M>, point: Point<T, N>) -> Status {
        let at = &state.walk.at;
        if !state.plain && point.value > at.value + haze(point.value, at.value) {
            state.plain = true;
            return Status::Running;
        }
        let mut residual = *entries(&(at.gradient - point.gradient));
        let mut image = *entries(&((point.x - point.gradient) - (at.x - at.gradient)));
        let pasts = columns_mut(&mut state.residuals).iter_mut().zip(columns_mut(&mut state.images));
        for (r, g) in pasts {
            core::mem::swap(r, &mut residual);
            core::mem::swap(g, &mut image);
        }
        state.walk.at = point;
        state.plain = false;
        Status::Running
    }
}

impl<T: Real> Anderson<T> {
    /// `G(x) - ΔG γ` and `r - ΔR γ`.
    fn extrapolated<const N: usize, const M: usize>(
        &self,
        state: &AndersonState<T, N, M>,
    ) -> (SVector<T, N>, SVector<T, N>) {
        let at = &state.walk.at;
        let (mut image, mut residual) = (*entries(&(at.x - at.gradient)), *entries(&-at.gradient));
        let (mut r, mut g) = (*columns(&state.residuals), *columns(&state.images));
        for j in 0..M {
            let before = norm_of(&r[j]);
            for i in 0..j {
                let (newer, newer_image) = (r[i], g[i]);
                let share = dot_of(&newer, &r[j]);
                subtract(&mut r[j], &newer, share);
                subtract(&mut g[j], &newer_image, share);
            }
            let left = norm_of(&r[j]);
            // A difference of zero leaves nothing and is left out with the dependent ones.
            let scale = if left > self.independence * before { T::ONE / left } else { T::ZERO };
            for entry in r[j].iter_mut().chain(&mut g[j]) {
                *entry *= scale;
            }
            let share = dot_of(&r[j], &residual);
            subtract(&mut residual, &r[j], share);
            subtract(&mut image, &g[j], share);
        }
        (SVector::from(image), SVector::from(residual))
    }
}

/// `a - share b`, written to a.
fn subtract<T: Real, const N: usize>(a: &mut [T; N], b: &[T; N], share: T) {
    for (a, &b) in a.iter_mut().zip(b) {
        *a -= share * b;
    }
}
