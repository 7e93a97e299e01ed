//! Nonlinear conjugate gradients.
//!
//! Minimizes a smooth `f`. One iteration, with `y = g⁺ - g` over the last step along d:
//!
//! 1. `d⁺ = -g⁺ + β d`, where β is one of
//!    - Hager & Zhang: `⟨y - 2d ‖y‖²/⟨d, y⟩, g⁺⟩/⟨d, y⟩`, at least `-1/(‖d‖ min(η, ‖g‖))`;
//!    - Polak & Ribière: `max(0, ⟨y, g⁺⟩/‖g‖²)`;
//!    - Dai & Yuan: `‖g⁺‖²/⟨d, y⟩`;
//! 2. `x⁺ = x + t d⁺` by a line search.
//!
//! `d⁺ = -g⁺` after a number of iterations, where d⁺ does not point downhill, and, but for the first rule, where `|⟨g⁺, g⟩| ≥ 0.2 ‖g⁺‖²`
//! (Powell). References: Hager & Zhang, "A new conjugate gradient method with guaranteed descent and an efficient line search", 2005, eq. 1.3 to
//! 1.6; Nocedal & Wright, Numerical Optimization, 2nd ed., section 5.2; Dai & Yuan, "A nonlinear conjugate gradient method with a strong global
//! convergence property", 1999. Memory: four vectors. Choose it where N is so large that no pairs can be kept, else
//! [`Lbfgs`](crate::smooth::Lbfgs).

use nalgebra::SVector;

use crate::linalg::{self, dot, norm};
use crate::line_search::{HagerZhang, LineSearch};
use crate::problem::Smooth;
use crate::ranges::{at_least, tolerance};
use crate::real::Real;
use crate::smooth::descent::{Descent, Walk};
use crate::smooth::point::{Point, readable};
use crate::step::{ConfigError, Method, Status};

/// The rule for β.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConjugateRule {
    /// Descends whatever the line search.
    HagerZhang,
    /// Restarts by itself after a short step.
    PolakRibiere,
    /// Descends after a search for the Wolfe conditions.
    DaiYuan,
}

/// Parameters of the conjugate gradient method.
///
/// ```
/// use thalweg::{Method, smooth::ConjugateGradient, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut bowl = gradient_fn(|x, g| { *g = vector![x[0] - 1.0, 9.0 * (x[1] + 2.0)]; 0.5 * (x[0] - 1.0) * (x[0] - 1.0) + 4.5 * (x[1] + 2.0) * (x[1] + 2.0) });
/// let (state, status) = ConjugateGradient::default().solve(vector![0.0_f64, 0.0], &mut bowl, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, -2.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConjugateGradient<T, S = HagerZhang<T>> {
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |gⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, f₀ at the start. Zero or more;
    /// default √ε.
    pub gradient_tolerance: T,
    /// β. Default [`ConjugateRule::HagerZhang`].
    pub rule: ConjugateRule,
    /// η. Positive; default 0.01.
    pub truncation: T,
    /// Iterations before the past is forgotten, in multiples of N. Default 6.
    pub cycle: u32,
    /// Finds t. Default: Hager and Zhang's with σ = 0.1.
    pub search: S,
}

impl<T: Real> Default for ConjugateGradient<T> {
    fn default() -> Self {
        Self {
            gradient_tolerance: T::SQRT_EPSILON,
            rule: ConjugateRule::HagerZhang,
            truncation: T::of_f64(0.01),
            cycle: 6,
            search: HagerZhang { curvature: T::of_f64(0.1), ..HagerZhang::default() },
        }
    }
}

impl<T: Real, S: LineSearch<T>> ConjugateGradient<T, S> {
    /// The same method with another line search.
    pub fn searching<L: LineSearch<T>>(self, search: L) -> ConjugateGradient<T, L> {
        let Self { gradient_tolerance, rule, truncation, cycle, .. } = self;
        ConjugateGradient { gradient_tolerance, rule, truncation, cycle, search }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        at_least(T::ZERO, self.truncation)?;
        self.search.validate()
    }
}

/// The past of a conjugate direction.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
struct Past<T: Real, const N: usize> {
    /// `β d`, zero without a past.
    momentum: SVector<T, N>,
    /// Iterations since the past was forgotten.
    age: u32,
}

/// Memory of [`ConjugateGradient`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct ConjugateGradientState<T: Real, const N: usize> {
    best: Point<T, N>,
    /// x, d and the search along it.
    walk: Walk<T, N>,
    /// What `d⁺` takes from the past.
    past: Past<T, N>,
}

impl<T: Real, const N: usize> ConjugateGradientState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), walk: Walk::new(x), past: Past { momentum: linalg::zeros(), age: 0 } }
    }
}

impl<T: Real, const N: usize, S: LineSearch<T>, P: Smooth<T, N>> Method<P, ConjugateGradientState<T, N>>
    for ConjugateGradient<T, S>
{
    fn step(&self, state: &mut ConjugateGradientState<T, N>, problem: &mut P) -> Result<Status, P::Error> {
        state.walk.step(&mut state.best, &mut state.past, self, problem)
    }
}

impl<T: Real, const N: usize, S: LineSearch<T>> Descent<T, Past<T, N>, N> for ConjugateGradient<T, S> {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn search(&self) -> &impl LineSearch<T> {
        &self.search
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn forget(&self, past: &mut Past<T, N>) {
        *past = Past { momentum: linalg::zeros(), age: 0 };
    }

    fn is_fresh(&self, past: &Past<T, N>) -> bool {
        past.age == 0
    }

    fn learn(&self, past: &mut Past<T, N>, from: &Point<T, N>, to: &Point<T, N>, d: &SVector<T, N>) {
        let (g, before) = (&to.gradient, &from.gradient);
        let y = *g - *before;
        let bend = dot(d, &y);
        let beta = match self.rule {
            ConjugateRule::HagerZhang => {
                let floor = -T::ONE / (norm(d) * self.truncation.min(norm(before)));
                let beta = dot(&(y - *d * (T::TWO * dot(&y, &y) / bend)), g) / bend;
                // Without a bend there is no β, and no floor of it.
                if beta.is_finite() { beta.max(floor) } else { beta }
            }
            ConjugateRule::PolakRibiere => (dot(&y, g) / dot(before, before)).max(T::ZERO),
            ConjugateRule::DaiYuan => dot(g, g) / bend,
        };
        let bent = self.rule != ConjugateRule::HagerZhang && dot(g, before).abs() >= T::of_f64(0.2) * dot(g, g);
        let old = past.age as usize >= N.saturating_mul(self.cycle as usize);
        let momentum = *d * beta;
        if bent || old || !linalg::all_finite(&momentum) {
            Descent::<T, _, N>::forget(self, past);
        } else {
            *past = Past { momentum, age: past.age.saturating_add(1) };
        }
    }

    fn direction(&self, past: &Past<T, N>, at: &Point<T, N>) -> SVector<T, N> {
        past.momentum - at.gradient
    }

    fn natural_rate(&self) -> Option<T> {
        None
    }
}

readable!(ConjugateGradientState);

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::vector;

    /// Where the slope does not change along d there is nothing to be conjugate to, whatever the gradient does beside it.
    #[test]
    fn without_a_bend_the_past_is_forgotten() {
        let d = vector![1e3, 0.0];
        let from = Point::of(vector![0.0, 0.0], 0.0, vector![-1e3, 1.0]);
        for gradient in [from.gradient, vector![-1e3, 2.0], vector![-1e3, -500.0]] {
            let to = Point::of(vector![1.0, 0.0], -1e3, gradient);
            for rule in [ConjugateRule::HagerZhang, ConjugateRule::PolakRibiere, ConjugateRule::DaiYuan] {
                let method = ConjugateGradient { rule, ..ConjugateGradient::<f64>::default() };
                let mut past = Past { momentum: vector![5.0, 5.0], age: 3 };
                method.learn(&mut past, &from, &to, &d);
                let next = Descent::<f64, _, 2>::direction(&method, &past, &to);
                assert_eq!((next, past.age), (-gradient, 0), "{rule:?} after {gradient}");
            }
        }
    }
}
