//! Concavity relative to the curvature of the datafit.
//!
//! MCP and SCAD are only as concave as their reach γ says, whatever the loss: with logistic curvatures `vⱼ` of a tenth, γ = 3 is far
//! out on the nonconvex side. Dividing γ by the curvature of the null model, once and for all, makes γ mean the same for all
//! losses and scales, and the objective stays one objective.

use std::vec;
use std::vec::Vec;

use crate::penalty::{L1, Mcp, Scad, Strength};
use crate::sparse::columns::{Columns, shift};
use crate::sparse::datafit::Datafit;
use crate::sparse::design::{Design, Weights};
use crate::sparse::model::Kernel;
use crate::sparse::regression::{Fit, Regression};
use crate::sparse::solve::Engine;
use crate::sparse::terms::PerCoefficient;

/// A penalty whose concavity can be chosen apart from its strength.
pub trait Reach: Strength<f64> + Sync {
    /// The same penalty with a concavity `curvature` times as large.
    #[must_use]
    fn relative_to(self, curvature: f64) -> Self;

    /// The penalty s′ of the same kind with `factor · s(x; λ) = s′(x; factor · λ)` for every λ, if there is one.
    #[must_use]
    fn absorbing(self, factor: f64) -> Option<Self>;
}

impl Reach for L1<f64> {
    fn relative_to(self, _: f64) -> Self {
        self
    }

    fn absorbing(self, _: f64) -> Option<Self> {
        Some(self)
    }
}

/// The concavity is 1 / γ.
impl Reach for Mcp<f64> {
    fn relative_to(self, curvature: f64) -> Self {
        Self { reach: self.reach / curvature, ..self }
    }

    fn absorbing(self, factor: f64) -> Option<Self> {
        Some(self.relative_to(factor))
    }
}

/// The concavity is `1 / (a - 1)`.
impl Reach for Scad<f64> {
    fn relative_to(self, curvature: f64) -> Self {
        Self { reach: 1.0 + (self.reach - 1.0) / curvature, ..self }
    }

    /// Only for a factor of one: the slope falls from |x| = λ on, and λ is the slope at zero.
    #[allow(clippy::float_cmp, reason = "one and nothing near it")]
    fn absorbing(self, factor: f64) -> Option<Self> {
        (factor == 1.0).then_some(self)
    }
}

impl<P: Reach> PerCoefficient<P> {
    /// The prototype relative to a curvature for each coefficient, such as [`null_curvatures`](Regression::null_curvatures); as it
    /// is where the curvature is zero.
    #[must_use]
    pub fn relative(prototype: P, curvatures: &[f64]) -> Self {
        let relative = |&v: &f64| if v > 0.0 { prototype.relative_to(v) } else { prototype };
        Self::each(&curvatures.iter().map(relative).collect::<Vec<_>>())
    }
}

impl<D: Design, F: Datafit> Regression<'_, D, F> {
    /// `vⱼ = Σᵢ F″ᵢ x̃ᵢⱼ²` of every column at the null model, which has offset and intercepts only.
    #[must_use]
    pub fn null_curvatures(&self) -> Vec<f64> {
        let engine = Engine::new(self.columns(), self.datafit(), self.intercept, Kernel::Residual, 0);
        self.curvatures_at(&engine.columns, &engine.eta)
    }

    /// `vⱼ` at a fit.
    #[must_use]
    pub fn curvatures(&self, fit: &Fit) -> Vec<f64> {
        let columns = self.columns();
        let mut eta = vec![0.0; self.datafit().rows()];
        columns.add(fit.coefficients.iter(), &mut eta);
        shift(&mut eta, &fit.intercepts);
        self.curvatures_at(&columns, &eta)
    }

    fn curvatures_at(&self, columns: &Columns<'_, D>, eta: &[f64]) -> Vec<f64> {
        let mut weights = vec![0.0; eta.len()];
        self.datafit().curvatures(eta, &mut weights);
        let spread = |j: usize| {
            let factor = columns.factor(j);
            factor * factor * self.design.spread(j, columns.centre(j), Weights::Each(&weights))
        };
        (0..columns.len()).map(spread).collect()
    }
}
