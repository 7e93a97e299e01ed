//! The conditions of Karush, Kuhn and Tucker.

use crate::real::Real;

/// How far a point and its multipliers are from the optimality conditions, recomputed from the data. All four are relative:
/// divided by one plus the largest magnitude among the terms of their sums.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KktResidual<T> {
    /// The value of the objective, itself not scaled.
    pub objective: T,
    /// The largest violation of a limit.
    pub primal: T,
    /// The largest component of the Lagrangian's gradient: `H x + f + z + Aᵀ y` of a quadratic program.
    pub dual: T,
    /// The largest product of a multiplier and the distance to the limit that its sign names, equations aside; infinite at a
    /// limit that is infinite.
    pub complementarity: T,
}

impl<T: Real> KktResidual<T> {
    /// The largest of the three residuals; NaN if one is.
    pub fn worst(&self) -> T {
        [self.primal, self.dual, self.complementarity]
            .into_iter()
            .fold(T::ZERO, |m, residual| if residual <= m { m } else { residual })
    }
}

/// Violations and products over all constraints.
pub(super) struct Tally<T> {
    violation: T,
    size: T,
    product: T,
    product_size: T,
}

impl<T: Real> Tally<T> {
    pub(super) const fn new() -> Self {
        Self { violation: T::ZERO, size: T::ZERO, product: T::ZERO, product_size: T::ZERO }
    }

    pub(super) fn add(&mut self, value: T, lower: T, upper: T, multiplier: T) {
        self.violation = worse(self.violation, (lower - value).max(value - upper));
        self.size = self.size.max(value.abs());
        // An equation has no side to be complementary to.
        if multiplier != T::ZERO && lower < upper {
            let limit = if multiplier > T::ZERO { upper } else { lower };
            self.product = worse(self.product, (multiplier * (limit - value)).abs());
            self.product_size = self.product_size.max((multiplier * value).abs());
        }
    }

    /// Products count relative to `scale` or to their own terms.
    pub(super) fn residual(&self, objective: T, dual: T, scale: T) -> KktResidual<T> {
        KktResidual {
            objective,
            primal: self.violation / (T::ONE + self.size),
            dual,
            complementarity: self.product / (T::ONE + scale.max(self.product_size)),
        }
    }
}

/// The larger, or NaN.
pub(super) fn worse<T: Real>(largest: T, new: T) -> T {
    if new <= largest { largest } else { new }
}
