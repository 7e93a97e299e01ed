//! The working set of an active-set method: which constraints hold with equality, their multipliers, and the recursive
//! factorization `M Mᵀ = L D Lᵀ` of the Gram matrix of their normals, the rows of M.

use nalgebra::{ArrayStorage, SMatrix, SVector};

use crate::constrained::FactoredProgram;
use crate::linalg::slice::{add_scaled, head, product, tail_mut};
use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::real::Real;

/// A constraint that holds with equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Active {
    /// j for the bounds of variable j, N + i for general constraint i.
    pub constraint: u16,
    /// Whether at its upper limit.
    pub upper: bool,
}

/// At most N constraints, in the order they came.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(super) struct WorkingSet<T: Real, const N: usize> {
    /// How many are factored.
    count: usize,
    /// How many follow that are not.
    pending: usize,
    active: SVector<Active, N>,
    /// λ: zero or more at an upper limit, zero or less at a lower one, any at an equality.
    multipliers: SVector<T, N>,
    /// Row i of the unit lower triangular L as column i, the unit diagonal not stored.
    factor: SMatrix<T, N, N>,
    /// D.
    pivots: SVector<T, N>,
}

/// A normal m beside the normals of a working set, `m = M_Wᵀ r + z`.
pub(super) struct Projection<T, const N: usize> {
    /// Its row of L.
    pub(super) row: [T; N],
    /// r.
    pub(super) nearest: [T; N],
    /// z.
    pub(super) rest: [T; N],
    /// `‖z‖²`.
    pub(super) pivot: T,
}

impl<T: Real, const N: usize> Projection<T, N> {
    pub(super) const fn new() -> Self {
        Self { row: [T::ZERO; N], nearest: [T::ZERO; N], rest: [T::ZERO; N], pivot: T::ZERO }
    }
}

impl<T: Real, const N: usize> WorkingSet<T, N> {
    pub(super) const fn new() -> Self {
        let none = Active { constraint: u16::MAX, upper: false };
        Self {
            count: 0,
            pending: 0,
            active: SMatrix::from_array_storage(ArrayStorage([[none; N]; 1])),
            multipliers: linalg::zeros(),
            factor: linalg::zeros(),
            pivots: linalg::zeros(),
        }
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn active(&self) -> &[Active] {
        head(entries(&self.active), self.count)
    }

    pub(super) fn multipliers(&self) -> &[T] {
        head(entries(&self.multipliers), self.count)
    }

    /// Constraints with their multipliers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Active, &T)> {
        self.active().iter().zip(self.multipliers())
    }

    pub(super) fn contains(&self, constraint: usize) -> bool {
        head(entries(&self.active), self.count + self.pending)
            .iter()
            .any(|active| usize::from(active.constraint) == constraint)
    }

    /// The next constraint that is listed but not factored, with its multiplier.
    pub(super) fn pending(&self) -> Option<(Active, T)> {
        if self.pending == 0 {
            return None;
        }
        Some((*entries(&self.active).get(self.count)?, *entries(&self.multipliers).get(self.count)?))
    }

    /// Lists a constraint, to be factored later; `false` if there is no room.
    pub(super) fn list(&mut self, active: Active) -> bool {
        let end = self.count + self.pending;
        let places = (entries_mut(&mut self.active).get_mut(end), entries_mut(&mut self.multipliers).get_mut(end));
        let (Some(place), Some(multiplier)) = places else { return false };
        (*place, *multiplier) = (active, T::ZERO);
        self.pending += 1;
        true
    }

    /// Nothing is left.
    pub(super) const fn clear(&mut self) {
        (self.count, self.pending) = (0, 0);
    }

    /// Forgets the factors and keeps the list.
    pub(super) const fn unfactor(&mut self) {
        self.pending += self.count;
        self.count = 0;
    }

    pub(super) fn update(&mut self, rate: T, direction: &[T; N]) {
        for (multiplier, &d) in self.multipliers.iter_mut().zip(direction).take(self.count) {
            *multiplier += rate * d;
        }
    }

    pub(super) fn assign(&mut self, multipliers: &[T; N]) {
        for (multiplier, &new) in self.multipliers.iter_mut().zip(multipliers).take(self.count) {
            *multiplier = new;
        }
    }

    /// Makes each constraint's side agree with the sign of its multiplier.
    pub(super) fn set_sides(&mut self) {
        for (active, &multiplier) in self.active.iter_mut().zip(self.multipliers.iter()) {
            if multiplier != T::ZERO {
                active.upper = multiplier > T::ZERO;
            }
        }
    }

    /// Appends a constraint with its row of L and its pivot; `false` if the set is full.
    pub(super) fn push(&mut self, active: Active, multiplier: T, row: &[T; N], pivot: T) -> bool {
        let k = self.count;
        let places = (entries_mut(&mut self.active).get_mut(k), entries_mut(&mut self.multipliers).get_mut(k));
        let factors = (columns_mut(&mut self.factor).get_mut(k), entries_mut(&mut self.pivots).get_mut(k));
        let ((Some(place), Some(m)), (Some(target), Some(d))) = (places, factors) else { return false };
        (*place, *m, *d, *target) = (active, multiplier, pivot, *row);
        self.count += 1;
        self.pending = self.pending.saturating_sub(1);
        true
    }

    /// Removes the constraint at a place, factored or not. What is left of column `at` of L is a rank-one update of the
    /// rows below: Gill, Golub, Murray & Saunders, "Methods for modifying matrix factorizations", 1974, method C1, by rows.
    pub(super) fn remove(&mut self, at: usize) {
        if at < self.count {
            let rows = tail_mut(columns_mut(&mut self.factor), at);
            let mut rows = rows.iter_mut().zip(tail_mut(entries_mut(&mut self.pivots), at));
            let Some((mut target, mut pivot)) = rows.next() else { return };
            let mut weight = *pivot;
            let mut updates = [(T::ZERO, T::ZERO); N];
            for (done, (source, old)) in rows.take(self.count - at - 1).enumerate() {
                for (t, &s) in target.iter_mut().zip(source.iter()).take(at) {
                    *t = s;
                }
                let mut entries = source.iter().skip(at);
                let mut rest = entries.next().copied().unwrap_or(T::ZERO);
                for ((t, &s), &(p, beta)) in target.iter_mut().skip(at).zip(entries).zip(updates.iter().take(done)) {
                    rest -= p * s;
                    *t = s + beta * rest;
                }
                let updated = *old + weight * rest * rest;
                let share = if updated > T::ZERO { weight / updated } else { T::ZERO };
                if let Some(update) = updates.get_mut(done) {
                    *update = (rest, share * rest);
                }
                if updated > T::ZERO {
                    weight = share * *old;
                }
                *pivot = updated;
                (target, pivot) = (source, old);
            }
            self.count -= 1;
        } else {
            self.pending = self.pending.saturating_sub(1);
        }
        for j in 1..N {
            if j > at {
                entries_mut(&mut self.active)[j - 1] = entries(&self.active)[j];
                entries_mut(&mut self.multipliers)[j - 1] = entries(&self.multipliers)[j];
            }
        }
    }

    /// What the set makes of a constraint's normal m.
    pub(super) fn project<const M: usize>(
        &self,
        program: &FactoredProgram<T, N, M>,
        constraint: u16,
        Projection { row, nearest, rest, pivot }: &mut Projection<T, N>,
    ) {
        let first = program.copy_normal(constraint, rest);
        program.multiply(self.active(), rest, first, row);
        self.forward(row);
        self.divide(row);
        *nearest = *row;
        self.backward(nearest);
        program.combine(self.active(), head(nearest, self.count), -T::ONE, rest);
        *pivot = product(rest, rest);
    }

    /// `L⁻¹ b` in place.
    pub(super) fn forward(&self, b: &mut [T; N]) {
        for (i, row) in columns(&self.factor).iter().enumerate().take(self.count) {
            if let Some((done, [entry, ..])) = b.split_at_mut_checked(i) {
                *entry -= product(head(row, i), done);
            }
        }
    }

    /// `D⁻¹ b` in place.
    pub(super) fn divide(&self, b: &mut [T; N]) {
        for (b, &d) in b.iter_mut().zip(self.pivots.iter()).take(self.count) {
            *b /= d;
        }
    }

    /// `L⁻ᵀ b` in place.
    pub(super) fn backward(&self, b: &mut [T; N]) {
        for (i, row) in columns(&self.factor).iter().enumerate().take(self.count).rev() {
            if let Some((before, [entry, ..])) = b.split_at_mut_checked(i) {
                add_scaled(before, -*entry, head(row, i));
            }
        }
    }
}
