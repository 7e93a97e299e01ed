//! Penalties of coefficient vectors: a sum over blocks, each block one coefficient or a group.

use core::fmt::Debug;

use std::vec::Vec;

use crate::penalty::{Penalty, Radial, SparseGroup, Strength};
use crate::sparse::FitError;

/// A penalty for every λ: what a path is fitted with.
pub trait Penalties: Sync {
    /// The penalty at one λ.
    type At<'a>: Terms
    where
        Self: 'a;

    /// The penalty at λ, zero or more.
    fn at(&self, lambda: f64) -> Self::At<'_>;

    /// Whether λ has no influence on block b.
    fn is_free(&self, b: usize) -> bool;

    /// Checks the parameters for p coefficients.
    ///
    /// # Errors
    /// What is wrong with them.
    fn with_coefficients(self, p: usize) -> Result<Self, FitError>
    where
        Self: Sized;
}

/// `p(β) = Σ_b p_b(β_b)`: a sum over disjoint blocks that together hold every coefficient.
pub trait Terms: Sync {
    /// The number of blocks.
    fn blocks(&self) -> usize;

    /// The coefficients of block b.
    fn columns(&self, b: usize) -> Block<'_>;

    /// The block that coefficient j belongs to.
    fn block_of(&self, j: usize) -> usize;

    /// `p_b(x)`.
    fn value(&self, b: usize, x: &[f64]) -> f64;

    /// Overwrites x with a global minimizer over z of `½‖z - x‖² + rate · p_b(z)`.
    fn prox(&self, b: usize, x: &mut [f64], rate: f64);

    /// The distance of `-g` to `∂p_b(x)`; `g` may then hold anything.
    fn gap(&self, b: usize, x: &[f64], g: &mut [f64]) -> f64;

    /// Whether every `p_b` is convex.
    fn is_convex(&self) -> bool;

    /// The modulus of convexity of `p_b`, as [`Penalty::convexity`].
    fn convexity(&self, b: usize) -> f64;

    /// Whether x, a block of one, is in the interior of its bounds, where only the penalty has a say.
    fn is_interior(&self, b: usize, x: f64) -> bool;
}

/// Where the coefficients of a block are.
#[derive(Clone, Copy, Debug)]
pub enum Block<'a> {
    /// From the first on, that many.
    Range(usize, usize),
    /// Anywhere.
    Listed(&'a [usize]),
}

impl Block<'_> {
    /// The number of coefficients.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "no block is empty")]
    pub fn len(&self) -> usize {
        match self {
            Self::Range(_, size) => *size,
            Self::Listed(columns) => columns.len(),
        }
    }

    /// The i-th coefficient.
    #[must_use]
    pub fn column(&self, i: usize) -> usize {
        match self {
            Self::Range(first, _) => first + i,
            Self::Listed(columns) => columns[i],
        }
    }

    /// The coefficients.
    pub fn iter(&self) -> impl Iterator<Item = usize> + use<'_> {
        (0..self.len()).map(|i| self.column(i))
    }
}

/// `Σⱼ s(βⱼ; λ fⱼ)` with a scalar penalty of strength 1 as the prototype, penalty factors f and bounds.
#[derive(Clone, Debug)]
pub struct PerCoefficient<P> {
    prototypes: Vec<P>,
    factors: Vec<f64>,
    bounds: Vec<(f64, f64)>,
    length: usize,
}

impl<P: Strength<f64> + Sync> PerCoefficient<P> {
    /// The same penalty on every coefficient.
    #[must_use]
    pub fn new(prototype: P) -> Self {
        Self { prototypes: std::vec![prototype], factors: Vec::new(), bounds: Vec::new(), length: 0 }
    }

    /// A prototype for each coefficient, such as MCP with a reach of its own.
    #[must_use]
    pub fn each(prototypes: &[P]) -> Self {
        Self { prototypes: prototypes.to_vec(), factors: Vec::new(), bounds: Vec::new(), length: 0 }
    }

    /// Factors on λ, zero or more; zero leaves a coefficient without penalty.
    #[must_use]
    pub fn factors(mut self, factors: &[f64]) -> Self {
        self.factors = factors.to_vec();
        self
    }

    /// Bounds of every coefficient, on the scale of the fit: each lower bound at most 0, each upper bound at least 0.
    #[must_use]
    pub fn bounds(mut self, bounds: &[(f64, f64)]) -> Self {
        self.bounds = bounds.to_vec();
        self
    }

    fn factor(&self, j: usize) -> f64 {
        self.factors.get(j).copied().unwrap_or(1.0)
    }
}

/// [`PerCoefficient`] at one λ.
#[derive(Clone, Copy, Debug)]
pub struct CoefficientTerms<'a, P> {
    family: &'a PerCoefficient<P>,
    lambda: f64,
}

impl<P: Strength<f64> + Sync> Penalties for PerCoefficient<P> {
    type At<'a>
        = CoefficientTerms<'a, P>
    where
        P: 'a;

    fn at(&self, lambda: f64) -> CoefficientTerms<'_, P> {
        CoefficientTerms { family: self, lambda }
    }

    fn with_coefficients(mut self, p: usize) -> Result<Self, FitError> {
        for (name, length) in
            [("prototypes", self.prototypes.len()), ("factors", self.factors.len()), ("bounds", self.bounds.len())]
        {
            let shared = (name == "prototypes" && length == 1) || (name != "prototypes" && length == 0);
            if length != p && !shared {
                return Err(FitError::Lengths { what: name, expected: p, found: length });
            }
        }
        if let Some(j) = self.factors.iter().position(|&factor| !(factor >= 0.0 && factor.is_finite())) {
            return Err(FitError::Factor(j));
        }
        if let Some(j) = self.bounds.iter().position(|&(low, high)| !(low <= 0.0 && high >= 0.0 && low < high)) {
            return Err(FitError::Bounds(j));
        }
        for prototype in &self.prototypes {
            prototype.validate().map_err(FitError::Penalty)?;
        }
        self.length = p;
        Ok(self)
    }

    fn is_free(&self, b: usize) -> bool {
        self.factor(b) == 0.0
    }
}

impl<P: Strength<f64> + Sync> CoefficientTerms<'_, P> {
    #[inline]
    fn penalty(&self, j: usize) -> P {
        let prototype = if let [one] = *self.family.prototypes { one } else { self.family.prototypes[j] };
        prototype.strengthened(self.lambda * self.family.factor(j))
    }

    #[inline]
    fn bound(&self, j: usize) -> Option<(f64, f64)> {
        self.family.bounds.get(j).copied()
    }
}

impl<P: Strength<f64> + Sync> Terms for CoefficientTerms<'_, P> {
    fn blocks(&self) -> usize {
        self.family.length
    }

    #[inline]
    fn columns(&self, b: usize) -> Block<'_> {
        Block::Range(b, 1)
    }

    #[inline]
    fn block_of(&self, j: usize) -> usize {
        j
    }

    #[inline]
    fn value(&self, b: usize, x: &[f64]) -> f64 {
        match self.bound(b) {
            Some((low, high)) if !(low <= x[0] && x[0] <= high) => f64::INFINITY,
            _ => self.penalty(b).value(x[0]),
        }
    }

    #[inline]
    fn prox(&self, b: usize, x: &mut [f64], rate: f64) {
        let penalty = self.penalty(b);
        let free = penalty.prox(x[0], rate);
        x[0] = match self.bound(b) {
            Some((low, high)) if !(low <= free && free <= high) => {
                // On either side of zero the function falls at most once more, so the minimizer is an end or zero.
                let cost = |z: f64| 0.5 * (z - x[0]) * (z - x[0]) + rate * penalty.value(z);
                let end = if free > high { high } else { low };
                if cost(0.0) <= cost(end) { 0.0 } else { end }
            }
            _ => free,
        };
    }

    #[inline]
    fn gap(&self, b: usize, x: &[f64], g: &mut [f64]) -> f64 {
        let penalty = self.penalty(b);
        let Some((low, high)) = self.bound(b) else { return penalty.gap(x[0], g[0]) };
        if x[0] < low || x[0] > high {
            return f64::INFINITY;
        }
        // At a bound, a slope that pushes outwards is held by it.
        let held = (x[0] <= low && g[0] > 0.0) || (x[0] >= high && g[0] < 0.0);
        let gap = penalty.gap(x[0], g[0]);
        if held && gap > 0.0 {
            let inward = penalty.prox(x[0] - g[0], 1.0);
            if inward <= low || inward >= high { 0.0 } else { gap }
        } else {
            gap
        }
    }

    fn is_convex(&self) -> bool {
        (0..self.family.prototypes.len()).all(|j| self.family.prototypes[j].convexity() >= 0.0)
    }

    fn convexity(&self, b: usize) -> f64 {
        self.penalty(b).convexity()
    }

    fn is_interior(&self, b: usize, x: f64) -> bool {
        self.bound(b).is_none_or(|(low, high)| low < x && x < high)
    }
}

/// A penalty of a group whose strength can be multiplied.
pub trait GroupPenalty: Penalty<f64> + Copy + Sync {
    /// The same penalty with its strength times `factor`, zero or more.
    #[must_use]
    fn strengthened(self, factor: f64) -> Self;
}

impl<S: Strength<f64> + Sync> GroupPenalty for Radial<S> {
    fn strengthened(self, factor: f64) -> Self {
        Self(self.0.strengthened(factor))
    }
}

impl GroupPenalty for SparseGroup<f64> {
    fn strengthened(self, factor: f64) -> Self {
        Self { strength: self.strength * factor, group_strength: self.group_strength * factor }
    }
}

/// `Σ_g s(β_g; λ f_g)` over disjoint groups, with a penalty of strength 1 as the prototype.
#[derive(Clone, Debug)]
pub struct PerGroup<P> {
    prototype: P,
    /// The group of every coefficient.
    labels: Vec<usize>,
    /// The coefficients, group after group.
    members: Vec<usize>,
    /// Where the groups begin in `members`, and its length.
    starts: Vec<usize>,
    factors: Vec<f64>,
}

impl<P: GroupPenalty> PerGroup<P> {
    /// Groups by a label for every coefficient, 0, 1, … without a number left out; factors are the square roots of the sizes.
    ///
    /// # Errors
    /// [`FitError::Group`] with a label that no coefficient has.
    pub fn new(prototype: P, labels: &[usize]) -> Result<Self, FitError> {
        let count = labels.iter().max().map_or(0, |&last| last + 1);
        if count > labels.len() {
            return Err(FitError::Group(count));
        }
        let mut sizes = std::vec![0_usize; count];
        labels.iter().for_each(|&label| sizes[label] += 1);
        if let Some(empty) = sizes.iter().position(|&size| size == 0) {
            return Err(FitError::Group(empty));
        }
        let mut members: Vec<usize> = (0..labels.len()).collect();
        members.sort_by_key(|&j| labels[j]);
        let mut starts = std::vec![0];
        starts.extend(sizes.iter().scan(0, |sum, &size| {
            *sum += size;
            Some(*sum)
        }));
        #[allow(clippy::cast_precision_loss, reason = "a group is no longer than memory")]
        let factors = sizes.iter().map(|&size| (size as f64).sqrt()).collect();
        Ok(Self { prototype, labels: labels.to_vec(), members, starts, factors })
    }

    /// Factors on λ, one a group, zero or more.
    #[must_use]
    pub fn factors(mut self, factors: &[f64]) -> Self {
        self.factors = factors.to_vec();
        self
    }
}

/// [`PerGroup`] at one λ.
#[derive(Clone, Copy, Debug)]
pub struct GroupTerms<'a, P> {
    family: &'a PerGroup<P>,
    lambda: f64,
}

impl<P: GroupPenalty> Penalties for PerGroup<P> {
    type At<'a>
        = GroupTerms<'a, P>
    where
        P: 'a;

    fn at(&self, lambda: f64) -> GroupTerms<'_, P> {
        GroupTerms { family: self, lambda }
    }

    fn with_coefficients(self, p: usize) -> Result<Self, FitError> {
        if self.labels.len() != p {
            return Err(FitError::Lengths { what: "labels of groups", expected: p, found: self.labels.len() });
        }
        if self.factors.len() + 1 != self.starts.len() {
            return Err(FitError::Lengths {
                what: "factors of groups",
                expected: self.starts.len() - 1,
                found: self.factors.len(),
            });
        }
        if let Some(b) = self.factors.iter().position(|&factor| !(factor >= 0.0 && factor.is_finite())) {
            return Err(FitError::Factor(b));
        }
        self.prototype.validate().map_err(FitError::Penalty)?;
        Ok(self)
    }

    fn is_free(&self, b: usize) -> bool {
        self.factors[b] == 0.0
    }
}

impl<P: GroupPenalty> GroupTerms<'_, P> {
    fn penalty(&self, b: usize) -> P {
        self.family.prototype.strengthened(self.lambda * self.family.factors[b])
    }
}

impl<P: GroupPenalty> Terms for GroupTerms<'_, P> {
    fn blocks(&self) -> usize {
        self.family.factors.len()
    }

    fn columns(&self, b: usize) -> Block<'_> {
        Block::Listed(&self.family.members[self.family.starts[b]..self.family.starts[b + 1]])
    }

    fn block_of(&self, j: usize) -> usize {
        self.family.labels[j]
    }

    fn value(&self, b: usize, x: &[f64]) -> f64 {
        self.penalty(b).value(x)
    }

    fn prox(&self, b: usize, x: &mut [f64], rate: f64) {
        self.penalty(b).prox(x, rate);
    }

    fn gap(&self, b: usize, x: &[f64], g: &mut [f64]) -> f64 {
        self.penalty(b).gap(x, g)
    }

    fn is_convex(&self) -> bool {
        self.family.prototype.convexity() >= 0.0
    }

    fn convexity(&self, b: usize) -> f64 {
        self.penalty(b).convexity()
    }

    fn is_interior(&self, _: usize, _: f64) -> bool {
        true
    }
}
