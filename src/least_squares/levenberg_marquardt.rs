//! The Levenberg-Marquardt method.
//!
//! The step `p` minimizes `½‖r + Jp‖²` subject to `‖Dp‖ ≤ Δ` and the bounds. Δ is shrunk if `ρ ≤ ¼` and grown if `ρ ≥ ¾`,
//! where `ρ` is the share of the promised decrease that the trial found.
//!
//! Reference: Moré, "The Levenberg-Marquardt algorithm: implementation and theory" (1978), and MINPACK's `lmder` and
//! `lmpar`. Departures: the linearization is gathered with the trial cost; there is no column pivoting, a singular model is
//! regularized by `Nε‖Jⱼ‖²` on the diagonal instead.
//!
//! The method to begin with: [`Dogleg`](super::Dogleg) saves factorizations, [`GaussNewton`](super::GaussNewton) the trust
//! region.

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, System};
use crate::least_squares::domain::{Domain, Everywhere};
use crate::least_squares::strategy::{Strategy, Tolerances};
use crate::least_squares::trust_region::{Model, Step};
use crate::real::Real;

/// Parameters of the Levenberg-Marquardt method.
///
/// ```
/// use nalgebra::{Vector2, vector};
/// use thalweg::{Method, least_squares::{LevenbergMarquardt, StreamedState}, problem::row_fn};
/// let (t, y) = ([0.0, 1.0, 2.0, 3.0], [4.0, 2.0, 1.0, 0.5]); // y = a exp(-b t)
/// let mut problem = row_fn(4, |i, x: &Vector2<f64>, g: &mut Vector2<f64>| {
///     let e = libm::exp(-x[1] * t[i]);
///     *g = vector![e, -x[0] * t[i] * e];
///     x[0] * e - y[i]
/// });
/// let mut fit = StreamedState::new(vector![1.0, 0.1]);
/// let _ = LevenbergMarquardt::default().run(&mut fit, &mut problem, 100).unwrap();
/// assert!((fit.x() - vector![4.0, 2.0_f64.ln()]).amax() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LevenbergMarquardt<T, D = Everywhere> {
    /// When to stop.
    pub tolerances: Tolerances<T>,
    /// The first radius is `initial_radius · ‖Dx₀‖`, or `initial_radius` where that is zero. Positive; default 100.
    pub initial_radius: T,
    /// Where the parameters may lie.
    pub domain: D,
}

impl<T: Real> Default for LevenbergMarquardt<T> {
    fn default() -> Self {
        Self { tolerances: Tolerances::default(), initial_radius: T::of_f64(100.0), domain: Everywhere }
    }
}

impl<T: Real, D> LevenbergMarquardt<T, D> {
    /// The same method on another domain. A start outside is projected onto it.
    pub fn within<E>(self, domain: E) -> LevenbergMarquardt<T, E> {
        LevenbergMarquardt { tolerances: self.tolerances, initial_radius: self.initial_radius, domain }
    }
}

impl<T: Real, const N: usize, const A: usize, D: Domain<T, N, A>> Strategy<T, N, A> for LevenbergMarquardt<T, D> {
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
        damping: T,
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T> {
        model.step::<K>(radius, damping, p, scratch)
    }
}
