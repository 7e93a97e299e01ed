//! The working set of an active-set method: which constraints hold with equality, their multipliers, and the recursive
//! factorization `M Mᵀ = L D Lᵀ` of the Gram matrix of their normals, the rows of M.

use nalgebra::{ArrayStorage, SMatrix, SVector};

use crate::constrained::FactoredProgram;
use crate::linalg::slice::{add_scaled, head, product, tail, tail_mut};
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
        let listed = self.active.iter().take(self.count + self.pending);
        listed.into_iter().any(|active| usize::from(active.constraint) == constraint)
    }

    /// The next constraint that is listed but not factored, with its multiplier.
    pub(super) fn pending(&self) -> Option<(Active, T)> {
        if self.pending == 0 {
            return None;
        }
        Some((*self.active.iter().nth(self.count)?, *self.multipliers.iter().nth(self.count)?))
    }

    /// Lists a constraint, to be factored later; `false` if there is no room.
    pub(super) fn list(&mut self, active: Active) -> bool {
        let end = self.count + self.pending;
        let (Some(place), Some(multiplier)) = (self.active.iter_mut().nth(end), self.multipliers.iter_mut().nth(end))
        else {
            return false;
        };
        (*place, *multiplier) = (active, T::ZERO);
        self.pending += 1;
        true
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
        let places = (self.active.iter_mut().nth(k), self.multipliers.iter_mut().nth(k), self.pivots.iter_mut().nth(k));
        let (Some(place), Some(m), Some(d)) = places else { return false };
        let Some(target) = columns_mut(&mut self.factor).iter_mut().nth(k) else { return false };
        (*place, *m, *d, *target) = (active, multiplier, pivot, *row);
        self.count += 1;
        self.pending = self.pending.saturating_sub(1);
        true
    }

    /// Removes the constraint at a place, factored or not. What is left of column `at` of L is a rank-one update of the
    /// rows below: Gill, Golub, Murray & Saunders, "Methods for modifying matrix factorizations", 1974, method C1, by rows.
    pub(super) fn remove(&mut self, at: usize) {
        let pivots = entries_mut(&mut self.pivots);
        if at < self.count {
            let mut weight = pivots.get(at).copied().unwrap_or(T::ZERO);
            let (mut p, mut beta) = ([T::ZERO; N], [T::ZERO; N]);
            let mut rows = columns_mut(&mut self.factor).iter_mut().take(self.count).skip(at);
            let mut done: usize = 0;
            let Some(mut target) = rows.next() else { return };
            let mut next = pivots.iter_mut().take(self.count).skip(at);
            let Some(mut pivot) = next.next() else { return };
            for (source, old) in rows.zip(next) {
                let (left, right) = (source.get(..at).unwrap_or(&[]), source.get(at..).unwrap_or(&[]));
                for (t, &s) in target.iter_mut().zip(left) {
                    *t = s;
                }
                let Some((&first, right)) = right.split_first() else { return };
                let mut rest = first;
                let coefficients = p.iter().zip(beta.iter()).take(done);
                for ((t, &s), (&p, &beta)) in target.iter_mut().skip(at).zip(right).zip(coefficients) {
                    rest -= p * s;
                    *t = s + beta * rest;
                }
                let updated = *old + weight * rest * rest;
                if let (Some(p), Some(beta)) = (p.get_mut(done), beta.get_mut(done)) {
                    *p = rest;
                    *beta = if updated > T::ZERO { weight * rest / updated } else { T::ZERO };
                }
                weight = if updated > T::ZERO { weight * *old / updated } else { weight };
                *pivot = updated;
                done += 1;
                (target, pivot) = (source, old);
            }
            self.count -= 1;
        } else {
            self.pending = self.pending.saturating_sub(1);
        }
        let mut left = self.active.iter_mut().zip(self.multipliers.iter_mut()).skip(at);
        if let Some(mut place) = left.next() {
            for next in left {
                (*place.0, *place.1) = (*next.0, *next.1);
                place = next;
            }
        }
    }

    /// What the set makes of a constraint's normal m: its row of L, the coefficients r of the nearest combination `M_Wᵀ r`, and
    /// its pivot, the squared distance to it.
    pub(super) fn project<const M: usize>(
        &self,
        program: &FactoredProgram<T, N, M>,
        constraint: u16,
    ) -> ([T; N], [T; N], T) {
        let mut normal = [T::ZERO; N];
        let (start, m) = program.normal(constraint);
        for (to, &m) in tail_mut(&mut normal, start).iter_mut().zip(m) {
            *to = m;
        }
        let mut row = [T::ZERO; N];
        for (entry, active) in row.iter_mut().zip(self.active()) {
            let (start, m) = program.normal(active.constraint);
            *entry = product(m, tail(&normal, start));
        }
        self.forward(&mut row);
        let square = product(&normal, &normal);
        let mut pivot = square - self.divide(&mut row);
        let mut combination = row;
        self.backward(&mut combination);
        // Where the difference cancels, the distance itself.
        if pivot < T::of_f64(0.01) * square {
            for (active, &r) in self.active().iter().zip(&combination) {
                let (start, m) = program.normal(active.constraint);
                add_scaled(tail_mut(&mut normal, start), -r, m);
            }
            pivot = product(&normal, &normal);
        }
        (row, combination, pivot)
    }

    /// `L⁻¹ b` in place.
    pub(super) fn forward(&self, b: &mut [T; N]) {
        for (i, row) in columns(&self.factor).iter().enumerate().take(self.count) {
            if let Some((done, [entry, ..])) = b.split_at_mut_checked(i) {
                *entry -= product(head(row, i), done);
            }
        }
    }

    /// `D⁻¹ b` in place; returns `bᵀ D⁻¹ b`.
    pub(super) fn divide(&self, b: &mut [T; N]) -> T {
        let mut sum = T::ZERO;
        for (b, &d) in b.iter_mut().zip(self.pivots.iter()).take(self.count) {
            let entry = *b;
            *b = entry / d;
            sum += entry * *b;
        }
        sum
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
