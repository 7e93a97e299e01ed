//! The Gauss-Newton method with a line search.
//!
//! The direction `p` minimizes `½‖r + Jp‖²` inside the bounds; the rate `t` starts at one and is shrunk by interpolation until
//! `F(x + tp)` has at least 10⁻⁴ of the decrease that the model promises for `tp`, which is Armijo's rule with a constant
//! between 5·10⁻⁵ and 10⁻⁴.
//!
//! Reference: Nocedal & Wright, Numerical Optimization (2006), §10.3 and §3.1. A singular model is regularized by `Nε‖Jⱼ‖²` on
//! the diagonal.
//!
//! The fewest operations where the start is near or residuals are small; far from that choose
//! [`LevenbergMarquardt`](super::LevenbergMarquardt).

use nalgebra::SVector;

use crate::least_squares::accumulate::{Accumulation, System};
use crate::least_squares::domain::{Domain, Everywhere};
use crate::least_squares::strategy::{Strategy, Tolerances};
use crate::least_squares::trust_region::{Model, Step};
use crate::real::Real;

/// Parameters of the Gauss-Newton method with a line search.
///
/// ```
/// use nalgebra::{Vector1, vector};
/// use thalweg::{Method, least_squares::{GaussNewton, StreamedState}, problem::row_fn};
/// let mut problem = row_fn(1, |_, x: &Vector1<f64>, g: &mut Vector1<f64>| { g[0] = 2.0 * x[0]; x[0] * x[0] - 2.0 });
/// let mut fit = StreamedState::new(vector![1.0]);
/// let _ = GaussNewton::default().run(&mut fit, &mut problem, 20).unwrap();
/// assert_eq!(fit.x()[0], 2.0_f64.sqrt());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GaussNewton<T, D = Everywhere> {
    /// When to stop.
    pub tolerances: Tolerances<T>,
    /// Where the parameters may lie.
    pub domain: D,
}

impl<T: Real> Default for GaussNewton<T> {
    fn default() -> Self {
        Self { tolerances: Tolerances::default(), domain: Everywhere }
    }
}

impl<T: Real, D> GaussNewton<T, D> {
    /// The same method on another domain. A start outside is projected onto it.
    pub fn within<E>(self, domain: E) -> GaussNewton<T, E> {
        GaussNewton { tolerances: self.tolerances, domain }
    }
}

impl<T: Real, const N: usize, const A: usize, D: Domain<T, N, A>> Strategy<T, N, A> for GaussNewton<T, D> {
    type Domain = D;

    const LINE_SEARCH: bool = true;

    fn domain(&self) -> &D {
        &self.domain
    }

    fn tolerances(&self) -> &Tolerances<T> {
        &self.tolerances
    }

    fn choose<K: Accumulation>(
        &self,
        model: &Model<'_, T, N, A, D>,
        radius: T,
        _: T,
        p: &mut SVector<T, N>,
        scratch: &mut System<T, N>,
    ) -> Step<T> {
        let mut step = model.minimizer::<K>(p, scratch);
        let length = model.length(p);
        if length > radius {
            *p *= radius / length;
            step.free = false;
        }
        step
    }
}
