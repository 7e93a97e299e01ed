//! Accelerated and plain proximal gradient.
//!
//! Where the penalty is `Σ sⱼ|xⱼ| + h(x)` with a smooth h, iteration k of the accelerated method is, with `L = max(L_f, κ)`,
//!
//! 1. `α = 2/(1 + √(1 + 4/α²))` from `α = 1`, `β = 0.99/L`, `λ_k = β/α`; originally `α = 2/(k + 1)`, `β = ½/L`, `λ_k = kβ/2`;
//! 2. `x̲ = (1 - α) x̄ + α x` and `g = ∇f(x̲) + h′(x̲)`;
//! 3. `x = soft(x - λ_k g, λ_k s)` and `x̄ = soft(x̲ - β g, β s)`.
//!
//! Other penalties keep their proximal operator whole: Beck & Teboulle's iteration (2009, section 4), begun again where the step
//! turns against the momentum or the objective rises (O'Donoghue & Candès 2015, section 3.2). The plain method is `x = prox(x - g/L)`.
//!
//! References: Yang, Asgharian & Bhatnagar, "Accelerated gradient methods for sparse statistical learning with nonconvex penalties",
//! Statistics and Computing 2024; Ghadimi & Lan, "Accelerated gradient methods for nonconvex nonlinear and stochastic
//! programming", 2016, algorithm 1. The papers stop where x̲ and x̄ are near; here x̄ is measured there, and ends the fit if its gap does.
//! One gradient an iteration. Returned is that x̄, or else the x̄ that followed the best x̲.

use std::vec;
use std::vec::Vec;

use crate::composite::Damping;
use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::first_order::smooth::Smooth;
use crate::sparse::first_order::split::Split;
use crate::sparse::first_order::{Limits, Lipschitz};
use crate::sparse::solve::Ended;
use crate::sparse::terms::Terms;

/// How the next point follows from the last ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Damped(Damping),
    Restarted,
    Plain,
}

/// The memory of a method.
#[derive(Debug)]
pub(super) struct Momentum {
    scheme: Scheme,
    lipschitz: Lipschitz,
    /// α of the last iteration.
    damping: f64,
    /// k.
    count: usize,
    /// x; the x̄ before under [`Scheme::Restarted`].
    x: Vec<f64>,
    /// x̲, where the gradient is taken.
    middle: Vec<f64>,
    /// x̄.
    aggregate: Vec<f64>,
}

impl Momentum {
    pub(super) fn new(scheme: Scheme, lipschitz: Lipschitz, start: Vec<f64>) -> Self {
        Self { scheme, lipschitz, damping: 1.0, count: 0, x: start.clone(), middle: start.clone(), aggregate: start }
    }

    /// Lowers the objective until the gap is within the tolerance.
    pub(super) fn minimize<D: Design, F: Datafit, T: Terms>(
        mut self,
        smooth: &mut Smooth<'_, '_, D, F>,
        split: &Split<'_, T>,
        limits: &mut Limits<'_>,
    ) -> (Vec<f64>, Ended) {
        let mut gradient = vec![0.0; self.x.len()];
        // The lowest objective at an x̲, and the x̄ after it, where it is no higher.
        let (mut lowest, mut best) = (f64::INFINITY, self.x.clone());
        let (mut first, mut last) = (f64::NAN, f64::INFINITY);
        // Below which distance of x̲ and x̄ the latter is measured next.
        let mut alert = f64::INFINITY;
        while limits.iterations > 0 {
            if (limits.proceed)().is_break() {
                return (best, Ended::Interrupted);
            }
            limits.iterations -= 1;
            self.place();
            let value = smooth.measure(&self.middle, &mut gradient) + split.value(&self.middle);
            if first.is_nan() {
                first = value;
            }
            // Without a certain L, a rise above the start tells that it is larger.
            if !value.is_finite() || (!self.lipschitz.certain && value > first + 1e-12 * first.abs()) {
                if !lowest.is_finite() || self.lipschitz.constant > 1e300 {
                    return (best, Ended::NotFinite);
                }
                self.lipschitz.constant *= 2.0;
                self.restart(&best);
                continue;
            }
            if self.scheme == Scheme::Restarted && value > last + 1e-12 * last.abs() {
                self.restart(&best);
                last = f64::INFINITY;
                continue;
            }
            last = value;
            split.bend(&self.middle, &mut gradient);
            let apart = self.advance(split, &gradient);
            if value < lowest {
                lowest = value;
                best.copy_from_slice(&self.aggregate);
            }
            if apart <= limits.tolerance.min(0.5 * alert) || apart == 0.0 {
                smooth.measure(&self.aggregate, &mut gradient);
                if split.gap(&self.aggregate, &gradient) <= limits.tolerance {
                    return (self.aggregate, Ended::Converged);
                }
                if apart == 0.0 {
                    return (self.aggregate, Ended::Rounding);
                }
                alert = apart;
            }
        }
        (best, Ended::Budget)
    }

    /// α and x̲ of the next iteration.
    fn place(&mut self) {
        self.count += 1;
        let before = self.damping;
        #[allow(clippy::cast_precision_loss, reason = "a count of iterations")]
        let count = self.count as f64;
        self.damping = match self.scheme {
            Scheme::Damped(Damping::Original) => 2.0 / (count + 1.0),
            Scheme::Damped(Damping::Recommended) | Scheme::Restarted => {
                2.0 / (1.0 + (1.0 + 4.0 / (before * before)).sqrt())
            }
            Scheme::Plain => 1.0,
        };
        // Beck and Teboulle's factor, with 1/α for their t.
        let onward = (1.0 / before - 1.0) * self.damping;
        for ((middle, &aggregate), &x) in self.middle.iter_mut().zip(&self.aggregate).zip(&self.x) {
            *middle = match self.scheme {
                Scheme::Damped(_) => (1.0 - self.damping) * aggregate + self.damping * x,
                Scheme::Restarted => aggregate + onward * (aggregate - x),
                Scheme::Plain => aggregate,
            };
        }
    }

    /// x and x̄ after the gradient at x̲, and how far x̲ and x̄ are apart in units of the gradient.
    fn advance<T: Terms>(&mut self, split: &Split<'_, T>, gradient: &[f64]) -> f64 {
        let short = match self.scheme {
            Scheme::Damped(Damping::Recommended) => 0.99,
            Scheme::Damped(Damping::Original) => 0.5,
            Scheme::Restarted | Scheme::Plain => 1.0,
        } / self.lipschitz.constant;
        match self.scheme {
            Scheme::Damped(damping) => {
                #[allow(clippy::cast_precision_loss, reason = "a count of iterations")]
                let long = match damping {
                    Damping::Recommended => short / self.damping,
                    Damping::Original => 0.5 * self.count as f64 * short,
                };
                let before = self.x.clone();
                split.forward_backward(&before, gradient, long, &mut self.x);
            }
            Scheme::Restarted | Scheme::Plain => self.x.copy_from_slice(&self.aggregate),
        }
        split.forward_backward(&self.middle, gradient, short, &mut self.aggregate);
        if self.scheme == Scheme::Restarted {
            let moves = self.middle.iter().zip(&self.aggregate).zip(&self.x);
            if moves.map(|((y, z), x)| (y - z) * (z - x)).sum::<f64>() > 0.0 {
                self.damping = 1.0;
                self.x.copy_from_slice(&self.aggregate);
            }
        }
        let distance = self.middle.iter().zip(&self.aggregate).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        distance / short
    }

    /// Begins again at a point.
    fn restart(&mut self, x: &[f64]) {
        (self.damping, self.count) = (1.0, 0);
        self.x.copy_from_slice(x);
        self.aggregate.copy_from_slice(x);
    }
}
