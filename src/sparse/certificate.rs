//! What can be said of a fit when it is looked at afresh: from its coefficients and the data alone.

use std::vec;
use std::vec::Vec;

use crate::sparse::Regression;
use crate::sparse::columns::{Columns, shift};
use crate::sparse::coordinate::{bend, slope};
use crate::sparse::datafit::Datafit;
use crate::sparse::design::{Centred, Design, Weights};
use crate::sparse::error::FitError;
use crate::sparse::factor::Factor;
use crate::sparse::regression::Fit;
use crate::sparse::terms::{Penalties, Terms};

/// Supports up to this size are tested for local convexity.
const LARGEST: usize = 4000;

/// Measures of optimality, in units of the objective or of its gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// `F + p`.
    pub objective: f64,
    /// The largest distance of the negative gradient to the subdifferential, over blocks and intercepts.
    pub stationarity: f64,
    /// The largest `vⱼ |βⱼ - prox(βⱼ - gⱼ / vⱼ; 1 / vⱼ)|` over blocks, with the curvature v of F along the block: zero if each block is a
    /// global minimizer of its quadratic model while the others rest. For a squared loss the model is exact.
    pub coordinatewise: f64,
    /// Whether the second derivative on the support, penalty included, is positive definite, so that the fit is a strict local
    /// minimizer among vectors with its support; `None` for groups and supports of more than 4000 coefficients.
    pub locally_convex: Option<bool>,
    /// By how much the objective can exceed its minimum: `F(η) + p(β) + F*(-θ) + p*(X̃ᵀθ)` at the rescaled residual θ (convex problems
    /// whose datafit has a conjugate, `None` if θ is outside its domain). Coefficients without penalty count as far as they are stationary.
    pub duality_gap: Option<f64>,
    /// By how much the convex majorizer of the objective, in which the concave penalty is replaced by its tangent, can fall for
    /// coefficients of at most twice the largest one here; zero at a stationary point. For penalties of single coefficients.
    pub majorizer_gap: Option<f64>,
}

/// Certifies fits of one regression and penalty. It holds what depends on the columns alone.
#[derive(Debug)]
pub struct Certifier<'r, 'a, D, F, P> {
    regression: &'r Regression<'a, D, F>,
    columns: Columns<'a, D>,
    penalties: P,
}

impl<'a, D: Design, F: Datafit> Regression<'a, D, F> {
    /// What certifies fits with this penalty.
    ///
    /// # Errors
    /// What is wrong with the penalty.
    pub fn certifier<P: Penalties>(&self, penalties: P) -> Result<Certifier<'_, 'a, D, F, P>, FitError> {
        let penalties = penalties.with_coefficients(self.design.columns())?;
        Ok(Certifier { regression: self, columns: self.columns(), penalties })
    }
}

impl<D: Design, F: Datafit, P: Penalties> Certifier<'_, '_, D, F, P> {
    /// Looks at a fit: two passes over the design.
    #[must_use]
    pub fn certify(&self, fit: &Fit) -> Certificate {
        let datafit = self.regression.datafit();
        let terms = self.penalties.at(fit.lambda);
        let beta = fit.coefficients.to_dense(self.columns.len());
        let mut eta = vec![0.0; datafit.rows()];
        self.columns.add(fit.coefficients.iter(), &mut eta);
        shift(&mut eta, &fit.intercepts);
        let mut slopes = vec![0.0; eta.len()];
        let loss = datafit.slopes(&eta, &mut slopes);
        let mut gradient = vec![0.0; beta.len()];
        self.columns.dots(&slopes, &mut gradient);
        let mut curvatures = vec![0.0; eta.len()];
        datafit.curvatures(&eta, &mut curvatures);

        let has_intercept = self.regression.intercept && datafit.has_intercept();
        let segment = eta.len() / datafit.outputs();
        let balance = slopes.chunks(segment).map(|s| s.iter().sum::<f64>().abs()).fold(0.0, f64::max);
        let (mut x, mut g) = (Vec::new(), Vec::new());
        let mut penalty = 0.0;
        let mut stationarity: f64 = if has_intercept { balance } else { 0.0 };
        let mut coordinatewise = 0.0;
        let typical = curvatures.iter().sum::<f64>();
        #[allow(clippy::cast_precision_loss, reason = "a few outputs")]
        let typical = typical / datafit.outputs() as f64;
        for block in 0..terms.blocks() {
            let places = terms.columns(block);
            x.clear();
            x.extend(places.iter().map(|j| beta[j]));
            g.clear();
            g.extend(places.iter().map(|j| gradient[j]));
            if x.iter().any(|&x| x != 0.0) {
                penalty += terms.value(block, &x);
            }
            let curvature = typical * places.iter().map(|j| self.columns.squares[j]).sum::<f64>();
            if curvature > 0.0 {
                let mut z: Vec<f64> = x.iter().zip(&g).map(|(x, g)| x - g / curvature).collect();
                terms.prox(block, &mut z, 1.0 / curvature);
                let moved = z.iter().zip(&x).map(|(z, x)| (z - x) * (z - x)).sum::<f64>().sqrt();
                coordinatewise = f64::max(coordinatewise, curvature * moved);
            }
            stationarity = stationarity.max(terms.gap(block, &x, &mut g));
        }
        Certificate {
            objective: loss + penalty,
            stationarity,
            coordinatewise,
            locally_convex: self.is_locally_convex(&terms, fit, &curvatures, has_intercept),
            duality_gap: self.duality_gap(&terms, &beta, &slopes, has_intercept, loss + penalty),
            majorizer_gap: majorizer_gap(&terms, &beta, &gradient),
        }
    }

    /// Whether a Cholesky factor of the reduced second derivative exists.
    fn is_locally_convex(&self, terms: &P::At<'_>, fit: &Fit, curvatures: &[f64], has_intercept: bool) -> Option<bool> {
        let support = &fit.coefficients.indices;
        if support.len() > LARGEST || support.iter().any(|&j| terms.columns(terms.block_of(j)).len() > 1) {
            return None;
        }
        if support.is_empty() {
            return Some(true);
        }
        let design = self.columns.design;
        let weights = Weights::Each(curvatures);
        let segment = curvatures.len() / design.outputs();
        let centres: Vec<f64> = support
            .iter()
            .map(|&j| {
                let output = design.output(j);
                let total: f64 = curvatures[output * segment..(output + 1) * segment].iter().sum();
                if has_intercept && total > 0.0 {
                    design.moments(j, weights)[0] / total
                } else {
                    self.columns.centre(j)
                }
            })
            .collect();
        let mut products = faer::Mat::<f64>::zeros(support.len(), support.len());
        design.gram(Centred { columns: support, centres: &centres }, weights, products.as_mut());
        let rows = (0..support.len()).map(|a| {
            let row =
                (0..=a).map(|b| products[(a, b)] * self.columns.factor(support[a]) * self.columns.factor(support[b]));
            let mut row: Vec<f64> = row.collect();
            let x = fit.coefficients.values[a];
            row[a] += bend(terms, terms.block_of(support[a]), x);
            row
        });
        Some(Factor::default().append(rows.collect()) == support.len())
    }

    fn duality_gap(
        &self,
        terms: &P::At<'_>,
        beta: &[f64],
        slopes: &[f64],
        has_intercept: bool,
        objective: f64,
    ) -> Option<f64> {
        let datafit = self.regression.datafit();
        if !terms.is_convex() || !datafit.has_conjugate() {
            return None;
        }
        let weights = datafit.weights();
        let mut theta: Vec<f64> = slopes.iter().map(|s| -s).collect();
        if has_intercept {
            for segment in theta.chunks_mut(weights.len()) {
                let sum: f64 = segment.iter().sum();
                segment.iter_mut().zip(weights).for_each(|(t, w)| *t -= w * sum);
            }
        }
        let mut c = vec![0.0; beta.len()];
        self.columns.dots(&theta, &mut c);
        let mut scale: f64 = 1.0;
        let mut v = Vec::new();
        for block in (0..terms.blocks()).filter(|&b| !self.penalties.is_free(b) && terms.convexity(b) <= 0.0) {
            let held = |scale: f64, v: &mut Vec<f64>| {
                v.clear();
                v.extend(terms.columns(block).iter().map(|j| -scale * c[j]));
                let zero = vec![0.0; v.len()];
                terms.gap(block, &zero, v) == 0.0
            };
            if !held(scale, &mut v) {
                let (mut below, mut above) = (0.0, scale);
                for _ in 0..60 {
                    let middle = 0.5 * (below + above);
                    if held(middle, &mut v) { below = middle } else { above = middle }
                }
                scale = below;
            }
        }
        let bound = |scale: f64| {
            let mut conjugate = 0.0;
            for block in 0..terms.blocks() {
                let places = terms.columns(block);
                if self.penalties.is_free(block) {
                    conjugate += places.iter().map(|j| (scale * c[j] * beta[j]).abs()).sum::<f64>();
                } else if terms.convexity(block) > 0.0 {
                    let v: Vec<f64> = places.iter().map(|j| scale * c[j]).collect();
                    let start: Vec<f64> = places.iter().map(|j| beta[j]).collect();
                    conjugate += strongly_convex_conjugate(terms, block, start, &v);
                }
            }
            let u: Vec<f64> = theta.iter().map(|t| -scale * t).collect();
            objective + datafit.conjugate(&u) + conjugate
        };
        // Rounding can put θ a hair outside the domain of F*.
        let gap = bound(scale);
        let gap = if gap.is_finite() { gap } else { bound(scale * (1.0 - 1e-8)) };
        gap.is_finite().then_some(gap.max(0.0))
    }
}

/// `p*(v) = sup ⟨v, x⟩ - p(x)` of a strongly convex penalty: its maximizer is the fixed point of `x ↦ prox(x + R v; R)`, a
/// contraction by 1 / (1 + Rμ).
fn strongly_convex_conjugate<T: Terms>(terms: &T, block: usize, mut x: Vec<f64>, v: &[f64]) -> f64 {
    let rate = 1e3 / terms.convexity(block);
    for _ in 0..8 {
        x.iter_mut().zip(v).for_each(|(x, v)| *x += rate * v);
        terms.prox(block, &mut x, rate);
    }
    x.iter().zip(v).map(|(x, v)| x * v).sum::<f64>() - terms.value(block, &x)
}

/// `Σⱼ wⱼ|βⱼ| + gⱼβⱼ + B (|gⱼ| - wⱼ)₊` with the slopes w of the penalty at |β| and the box |bⱼ| ≤ B: no convex F falls further from
/// its tangent, so this bounds what the majorizer can fall.
fn majorizer_gap<T: Terms>(terms: &T, beta: &[f64], gradient: &[f64]) -> Option<f64> {
    let bound = 2.0 * beta.iter().fold(0.0_f64, |largest, b| largest.max(b.abs()));
    let mut sum = 0.0;
    for block in 0..terms.blocks() {
        let places = terms.columns(block);
        if places.len() > 1 {
            return None;
        }
        let j = places.column(0);
        let (x, g) = (beta[j], gradient[j]);
        let weight = if x == 0.0 {
            // The gap at zero is |g| less the slope there.
            let mut outside = [2.0 * g.abs()];
            2.0 * g.abs() - terms.gap(block, &[0.0], &mut outside)
        } else {
            slope(terms, block, x) * x.signum()
        };
        sum += weight * x.abs() + g * x + bound * (g.abs() - weight).max(0.0);
    }
    Some(sum)
}
