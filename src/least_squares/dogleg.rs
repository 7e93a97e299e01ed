//! Powell's dogleg method.
//!
//! The step follows the path from `x` to the minimizer of the model along `-D⁻²g`, and from there to the minimizer of the whole
//! model, as far as `‖Dp‖ ≤ Δ`. Δ is adapted as by [`LevenbergMarquardt`](super::LevenbergMarquardt).
//!
//! Reference: Powell, "A hybrid method for nonlinear equations" (1970); Nocedal & Wright, Numerical Optimization (2006), §4.1.
//!
//! One factorization an iteration, where Levenberg-Marquardt makes one for each damping it tries; in exchange the step is not
//! the best one inside Δ. No bounds.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, System};
use crate::least_squares::domain::{Domain, Everywhere};
use crate::least_squares::strategy::{Strategy, Tolerances};
use crate::least_squares::trust_region::{Model, Step};
use crate::linalg::{self, dot, entries};
use crate::real::Real;

/// Parameters of the dogleg method.
///
/// ```
/// use nalgebra::{Matrix2, Vector2, vector};
/// use thalweg::{Method, least_squares::{DenseState, Dogleg}, problem::dense_fn};
/// let mut rosenbrock = dense_fn(|x: &Vector2<f64>, r: &mut Vector2<f64>, j: &mut Matrix2<f64>| {
///     *r = vector![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]];
///     *j = Matrix2::new(-20.0 * x[0], 10.0, -1.0, 0.0);
/// });
/// let (fit, _): (DenseState<f64, 2, 2>, _) = Dogleg::default().solve(vector![-1.2, 1.0], &mut rosenbrock, 50).unwrap();
/// assert_eq!(*fit.x(), vector![1.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dogleg<T, D = Everywhere> {
    /// When to stop.
    pub tolerances: Tolerances<T>,
    /// The first radius is `initial_radius · ‖Dx₀‖`, or `initial_radius` where that is zero. Positive; default 100.
    pub initial_radius: T,
    /// Where the parameters may lie: a domain without bounds, or it does not compile.
    pub domain: D,
}

impl<T: Real> Default for Dogleg<T> {
    fn default() -> Self {
        Self { tolerances: Tolerances::default(), initial_radius: T::of_f64(100.0), domain: Everywhere }
    }
}

impl<T: Real, D> Dogleg<T, D> {
    /// The same method on another domain. A start outside is projected onto it.
    pub fn within<E>(self, domain: E) -> Dogleg<T, E> {
        Dogleg { tolerances: self.tolerances, initial_radius: self.initial_radius, domain }
    }
}

impl<T: Real, const N: usize, const A: usize, D: Domain<T, N, A>> Strategy<T, N, A> for Dogleg<T, D> {
    type Domain = D;

    fn domain(&self) -> &D {
        &self.domain
    }

    fn tolerances(&self) -> &Tolerances<T> {
        &self.tolerances
    }

    fn initial_radius(&self) -> T {
        self.initial_radius
    }

    fn choose<K: Accumulation>(
        &self,
        model: &Model<'_, T, N, A, D>,
        radius: T,
        _: T,
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T> {
        const { assert!(!D::BOUNDED, "the dogleg method knows no bounds: use LevenbergMarquardt") }
        let mut step = model.minimizer::<K>(p, scratch);
        if model.length(p) <= radius {
            return step;
        }
        step.free = false;
        let (slopes, scale) = (model.gradient::<K>(), entries(model.scale));
        let descent = linalg::vector(|j| -(entries(&slopes)[j] / scale[j].squared()));
        let (length, curvature) = (model.length(&descent), K::curvature(model.system, &descent));
        let slope = -dot(&slopes, &descent);
        if !(slope < curvature * (radius / length)) {
            *p = descent * (radius / length);
            return step;
        }
        let cauchy = descent * (slope / curvature);
        // ‖D(cauchy + β leg)‖ = Δ with β in [0, 1].
        let leg = *p - cauchy;
        let (start, along) = (model.scaled(&cauchy), model.scaled(&leg));
        let (a, b) = (dot(&along, &along), dot(&start, &along));
        let c = (radius - model.length(&cauchy)) * (radius + model.length(&cauchy));
        let root = (b * b + a * c).sqrt();
        let beta = if b > T::ZERO { c / (b + root) } else { (root - b) / a };
        *p = cauchy + leg * beta.max(T::ZERO).min(T::ONE);
        step
    }
}
