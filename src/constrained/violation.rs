//! The search for the constraint that a point violates most.

use crate::constrained::Active;
use crate::constrained::working_set::WorkingSet;
use crate::real::Real;

/// The most violated constraint.
pub(super) struct Search<T> {
    /// What is not a violation.
    pub(super) threshold: T,
    pub(super) most: T,
    pub(super) found: Option<(Active, T)>,
}

impl<T: Real> Search<T> {
    pub(super) fn scan<const N: usize>(
        &mut self,
        set: &WorkingSet<T, N>,
        first: usize,
        values: &[T],
        limits: (&[T], &[T]),
    ) {
        for (i, (&value, (&lower, &upper))) in values.iter().zip(limits.0.iter().zip(limits.1)).enumerate() {
            let (over, under) = (value - upper, lower - value);
            let violation = if over > under { over } else { under };
            if violation > self.threshold && (violation > self.most || lower >= upper) {
                self.consider(set, first + i, violation, over > under, lower < upper);
            }
        }
    }

    #[inline(never)]
    fn consider<const N: usize>(
        &mut self,
        set: &WorkingSet<T, N>,
        constraint: usize,
        violation: T,
        upper: bool,
        inequality: bool,
    ) {
        // Equations first: they never leave.
        let weight = if inequality { violation } else { violation / T::EPSILON };
        if weight > self.most && !set.contains(constraint) {
            let constraint = u16::try_from(constraint).unwrap_or(u16::MAX);
            self.most = weight;
            self.found = Some((Active { constraint, upper }, violation));
        }
    }
}
