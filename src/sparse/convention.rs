//! The objectives of other tools and of the accelerated gradient paper, as explicit values.
//!
//! All of them minimize, over the same coefficients,
//!
//! ```text
//! c Σᵢ ℓᵢ + Σⱼ wⱼ [ s(βⱼ; λ α fⱼ, γⱼ) + ½ λ (1 - α) fⱼ βⱼ² ]
//! ```
//!
//! with `ℓ = ½(y - η)²` or a negative log-likelihood, and differ in what c, λ, α, f, w and γ are. This crate's own objective is the one
//! with c = 1/n; dividing by `n c` makes it of any.

use std::vec;
use std::vec::Vec;

use crate::penalty::{Ridged, Scaled};
use crate::sparse::FitError;
use crate::sparse::reach::Reach;
use crate::sparse::terms::PerCoefficient;

/// c.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossScale {
    /// 1/n. For the squared loss that is `RSS / (2n)`.
    Mean,
    /// `1/(2n)`.
    HalfMean,
    /// 1.
    Sum,
}

/// How the strength is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// λ, and α is 1.
    Lambda,
    /// λ and α.
    LambdaAndAlpha,
    /// `C = 1/λ` and α.
    InverseAndAlpha,
}

/// What numbers for single coefficients mean; with any but l1, a factor and a weight are different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multipliers {
    /// There are none.
    None,
    /// f.
    Factors,
    /// f times their mean.
    FactorsOverMean,
    /// w.
    Weights,
}

/// What γ means, given curvatures `vⱼ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concavity {
    /// γ.
    Absolute,
    /// Relative to the curvatures of the null model, fixed once: `γ / vⱼ` for MCP.
    Scaled,
    /// `γ / vⱼ` and a ridge times `vⱼ`, at the curvatures of the iterate. There is no objective, but fits are stationary for the one
    /// with the curvatures of the fit.
    Current,
}

/// How somebody writes a penalized regression.
///
/// ```
/// use thalweg::{penalty::Mcp, sparse::{Convention, Stated}};
/// let paper = Stated::new(Mcp { strength: 1.0, reach: 3.0 }, 0.1);
/// let skglm = Convention::ACCELERATED_LOGISTIC.translate(&paper, Convention::SKGLM_NONCONVEX, 100).unwrap();
/// assert_eq!((skglm.lambda, skglm.prototype.reach), (0.2, 1.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention {
    /// c.
    pub loss: LossScale,
    /// λ and α.
    pub form: Form,
    /// f or w.
    pub multipliers: Multipliers,
    /// γ.
    pub concavity: Concavity,
    /// Whether columns are centred and scaled to mean square 1 unless told otherwise.
    pub standardized: bool,
}

/// A penalty as written under a [`Convention`].
#[derive(Clone, Debug, PartialEq)]
pub struct Stated<S> {
    /// s with strength 1.
    pub prototype: S,
    /// λ, or C.
    pub lambda: f64,
    /// α, from 0 to 1.
    pub mixing: f64,
    /// f or w, zero or more; none for ones.
    pub multipliers: Vec<f64>,
}

/// `w / (n c) · [s(x; α λ f) + ½ (1 - α) λ f x²]`, of which [`PerCoefficient`] knows f and λ.
pub type Restated<S> = Scaled<Ridged<S, f64>, f64>;

impl<S: Reach> Stated<S> {
    /// Without ridge and multipliers.
    #[must_use]
    pub fn new(prototype: S, lambda: f64) -> Self {
        Self { prototype, lambda, mixing: 1.0, multipliers: Vec::new() }
    }
}

impl Convention {
    /// This crate's, with [`ElasticNet`](crate::penalty::ElasticNet) or [`Ridged`] for α.
    pub const THALWEG: Self = Self {
        loss: LossScale::Mean,
        form: Form::LambdaAndAlpha,
        multipliers: Multipliers::Factors,
        concavity: Concavity::Absolute,
        standardized: true,
    };
    /// glmnet, any family (Friedman, Hastie & Tibshirani 2010).
    pub const GLMNET: Self = Self { multipliers: Multipliers::FactorsOverMean, ..Self::THALWEG };
    /// ncvreg, generalized linear models and Cox (Breheny & Huang 2011, section 2.3).
    pub const NCVREG: Self = Self { concavity: Concavity::Current, ..Self::THALWEG };
    /// ncvreg, squared loss, where all curvatures are one.
    pub const NCVREG_SQUARED: Self = Self::THALWEG;
    /// scikit-learn's `Lasso` and `ElasticNet`: `alpha` is λ and `l1_ratio` α.
    pub const SCIKIT_LEARN: Self = Self { multipliers: Multipliers::None, standardized: false, ..Self::THALWEG };
    /// scikit-learn's `LogisticRegression`.
    pub const SCIKIT_LEARN_LOGISTIC: Self =
        Self { loss: LossScale::Sum, form: Form::InverseAndAlpha, ..Self::SCIKIT_LEARN };
    /// skglm, l1 and elastic net.
    pub const SKGLM: Self = Self { multipliers: Multipliers::Weights, standardized: false, ..Self::THALWEG };
    /// skglm, MCP and SCAD.
    pub const SKGLM_NONCONVEX: Self = Self { form: Form::Lambda, ..Self::SKGLM };
    /// Yang, Asgharian & Bhatnagar (2022), linear model.
    pub const ACCELERATED_LINEAR: Self = Self { form: Form::Lambda, multipliers: Multipliers::None, ..Self::THALWEG };
    /// Yang, Asgharian & Bhatnagar (2022), logistic model.
    pub const ACCELERATED_LOGISTIC: Self = Self { loss: LossScale::HalfMean, ..Self::ACCELERATED_LINEAR };

    /// `n c`: what this crate's objective is to be multiplied by.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a count of observations")]
    pub fn scale(&self, observations: usize) -> f64 {
        match self.loss {
            LossScale::Mean => 1.0,
            LossScale::HalfMean => 0.5,
            LossScale::Sum => observations as f64,
        }
    }

    /// λ, from λ or C, and back.
    #[must_use]
    pub fn lambda(&self, stated: f64) -> f64 {
        if self.form == Form::InverseAndAlpha { 1.0 / stated } else { stated }
    }

    /// The penalty in this crate's objective, `F + p`, over p coefficients: for every λ of the convention, `n c (F + p(β; λ))` is
    /// the other objective. The curvatures are asked for unless γ is [`Absolute`](Concavity::Absolute).
    ///
    /// # Errors
    /// [`FitError::Lengths`] for multipliers or curvatures of the wrong number; [`FitError::Setting`] if α is out of its range or not
    /// one where there is none, and for SCAD under [`Current`](Concavity::Current), whose knees move with the curvature.
    pub fn penalties<S: Reach>(
        &self,
        stated: &Stated<S>,
        observations: usize,
        p: usize,
        curvatures: &[f64],
    ) -> Result<PerCoefficient<Restated<S>>, FitError> {
        let alpha = stated.mixing;
        let fixed = self.form == Form::Lambda && alpha < 1.0;
        if !(0.0..=1.0).contains(&alpha) || fixed {
            return Err(FitError::Setting("mixing"));
        }
        let listed = [("multipliers", stated.multipliers.len()), ("curvatures", curvatures.len())];
        let needed = [!stated.multipliers.is_empty(), self.concavity != Concavity::Absolute];
        for ((what, found), needed) in listed.into_iter().zip(needed) {
            if needed && found != p {
                return Err(FitError::Lengths { what, expected: p, found });
            }
        }
        let multipliers = self.effective(stated, p);
        let weighted = self.multipliers == Multipliers::Weights;
        let mut factors = vec![1.0; p];
        let mut prototypes = Vec::with_capacity(p);
        for j in 0..p {
            let v = curvatures.get(j).copied().filter(|&v| v > 0.0).unwrap_or(1.0);
            let (s, stretch) = match self.concavity {
                Concavity::Absolute => (stated.prototype, 1.0),
                Concavity::Scaled => (stated.prototype.relative_to(v), 1.0),
                Concavity::Current if stated.prototype.absorbing(v).is_none() => {
                    return Err(FitError::Setting("concavity"));
                }
                Concavity::Current => (stated.prototype.relative_to(v), v),
            };
            let penalty = Ridged { penalty: s.strengthened(alpha), ridge: (1.0 - alpha) * stretch };
            // A weight of zero frees the coefficient, as a factor of zero does.
            let weight = if weighted && multipliers[j] > 0.0 { multipliers[j] } else { 1.0 };
            factors[j] = if weighted && multipliers[j] > 0.0 { 1.0 } else { multipliers[j] };
            prototypes.push(Scaled { penalty, factor: weight / self.scale(observations) });
        }
        Ok(PerCoefficient::each(&prototypes).factors(&factors))
    }

    /// What to write under another convention for the same minimizers, or `None` if nothing is the same: α where there is none,
    /// SCAD under another c, factors of a nonconvex penalty as weights, a γ of another meaning.
    #[must_use]
    #[allow(clippy::float_cmp, reason = "one and nothing near it")]
    pub fn translate<S: Reach + PartialEq>(
        &self,
        stated: &Stated<S>,
        other: Self,
        observations: usize,
    ) -> Option<Stated<S>> {
        let prototype = stated.prototype;
        // For a multiple of |x|, factor and weight, or any two meanings of γ, are the same.
        let linear = |u: f64| u == 1.0 || prototype.absorbing(u) == Some(prototype);
        let ratio = other.scale(observations) / self.scale(observations);
        let mut multipliers = self.effective(stated, stated.multipliers.len());
        let weights = |convention: Self| convention.multipliers == Multipliers::Weights;
        let same = weights(*self) == weights(other) || multipliers.iter().all(|&u| linear(u));
        let fits = other.multipliers != Multipliers::None || multipliers.iter().all(|&u| u == 1.0);
        let mixed = other.form != Form::Lambda || stated.mixing == 1.0;
        let ridged = stated.mixing < 1.0 && [self.concavity, other.concavity].contains(&Concavity::Current);
        let meant = self.concavity == other.concavity || (linear(2.0) && !ridged);
        if !(same && fits && mixed && meant) {
            return None;
        }
        let mut lambda = ratio * self.lambda(stated.lambda);
        if other.multipliers == Multipliers::FactorsOverMean {
            lambda *= mean(&multipliers);
        }
        if other.multipliers == Multipliers::None {
            multipliers.clear();
        }
        let prototype = prototype.absorbing(ratio)?;
        Some(Stated { prototype, lambda: other.lambda(lambda), mixing: stated.mixing, multipliers })
    }

    /// The multipliers as they act, p of them.
    fn effective<S>(&self, stated: &Stated<S>, p: usize) -> Vec<f64> {
        let over = if self.multipliers == Multipliers::FactorsOverMean { mean(&stated.multipliers) } else { 1.0 };
        (0..p).map(|j| stated.multipliers.get(j).map_or(1.0, |u| u / over)).collect()
    }
}

/// Of no numbers, one.
#[allow(clippy::cast_precision_loss, reason = "a count of coefficients")]
fn mean(numbers: &[f64]) -> f64 {
    if numbers.is_empty() { 1.0 } else { numbers.iter().sum::<f64>() / numbers.len() as f64 }
}
