//! The quadratic by its matrix: products of the columns in play, kept and extended.

use std::vec;
use std::vec::Vec;

use crate::sparse::columns::Columns;
use crate::sparse::coordinate::Quadratic;
use crate::sparse::design::kernels::{axpy, axpys};
use crate::sparse::design::{Centred, Design, Weights};
use crate::sparse::factor::Factor;

/// A column that grows gets room for one in so many more.
const SLACK: usize = 4;

/// Columns that are added to the gradient at a time.
const SIDE_BY_SIDE: usize = 4;

/// What an entry costs to update, as a multiple of its share of `k³ - i³` when rows i to k are appended.
const UPDATE: u64 = 30;

/// `H = X̃ᵀ W X̃` of some columns, and the gradient at the current point.
#[derive(Debug, Default)]
pub(crate) struct Gram {
    /// H, column by column: each grows by itself, so that growing takes no second H.
    entries: Vec<Vec<f64>>,
    gradient: Vec<f64>,
    factor: Factor,
    /// The places in the factor, and what was added to their diagonals.
    factored: Vec<(usize, f64)>,
    /// The part that is worked on alone, if there is one.
    part: Option<Part>,
}

/// Some places by themselves.
#[derive(Debug)]
struct Part {
    places: Vec<usize>,
    /// Where each place is in `places`.
    position: Vec<usize>,
    /// The part of H, column after column.
    entries: Vec<f64>,
    gradient: Vec<f64>,
    /// What each has changed by.
    changes: Vec<f64>,
}

impl Gram {
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.truncate(0);
    }

    /// Keeps these places, in increasing order, and their products.
    pub(crate) fn retain(&mut self, kept: &[usize]) {
        let mut place = vec![usize::MAX; self.entries.len()];
        for (new, &old) in kept.iter().enumerate() {
            place[old] = new;
        }
        for i in (0..self.factored.len()).rev() {
            if place[self.factored[i].0] == usize::MAX {
                self.factor.remove(i);
                self.factored.remove(i);
            } else {
                self.factored[i].0 = place[self.factored[i].0];
            }
        }
        self.entries = kept.iter().map(|&k| core::mem::take(&mut self.entries[k])).collect();
        for column in &mut self.entries {
            for (new, &old) in kept.iter().enumerate() {
                column[new] = column[old];
            }
            column.truncate(kept.len());
        }
        self.gradient.clear();
    }

    /// Extends H to all the listed columns, of which it has the first already.
    pub(crate) fn extend<D: Design>(
        &mut self,
        columns: &Columns<'_, D>,
        listed: &[usize],
        centres: &[f64],
        weights: Weights<'_>,
    ) {
        let (old, new) = (self.entries.len(), listed.len());
        if new == old {
            return;
        }
        let added = Centred { columns: &listed[old..], centres: &centres[old..] };
        let mut products = faer::Mat::<f64>::zeros(new, new - old);
        if old == 0 {
            columns.design.gram(added, weights, products.as_mut());
            for a in 0..new {
                for b in 0..a {
                    products[(b, a)] = products[(a, b)];
                }
            }
        } else {
            columns.design.products(Centred { columns: listed, centres }, added, weights, products.as_mut());
        }
        let factors: Vec<f64> = listed.iter().map(|&j| columns.factor(j)).collect();
        for (a, column) in self.entries.iter_mut().enumerate() {
            column.reserve_exact(if new > column.capacity() { new - old + new / SLACK } else { 0 });
            column.extend((old..new).map(|b| products[(a, b - old)] * factors[b] * factors[a]));
        }
        for b in old..new {
            let mut column = Vec::with_capacity(if old == 0 { new } else { new + new / SLACK });
            column.extend((0..new).map(|a| products[(a, b - old)] * factors[b] * factors[a]));
            self.entries.push(column);
        }
        self.gradient.resize(new, 0.0);
    }

    /// Column k of H.
    fn column(&self, k: usize) -> &[f64] {
        &self.entries[k]
    }

    /// Sets the gradient at the current point.
    pub(crate) fn set_gradient(&mut self, gradient: &[f64]) {
        self.gradient.clear();
        self.gradient.extend_from_slice(gradient);
    }

    /// Sets the gradient at x, given the correlations at zero.
    pub(crate) fn set_gradient_from(&mut self, origin: &[f64], x: impl Iterator<Item = f64>) {
        self.gradient.clear();
        self.gradient.extend(origin.iter().map(|c| -c));
        let changes: Vec<(usize, f64)> = x.enumerate().filter(|&(_, x)| x != 0.0).collect();
        self.shift_all(&changes);
    }

    pub(crate) fn gradients(&self) -> &[f64] {
        &self.gradient
    }

    /// Keeps the first variables of the factor.
    fn truncate(&mut self, count: usize) {
        self.factor.truncate(count);
        self.factored.truncate(count);
    }

    /// Brings the factor to the support, and the diagonal to `extra`; `false`, and as far as it goes, if H is not positive
    /// definite there.
    fn adjust(&mut self, support: &[usize], extra: &[f64]) -> bool {
        let mut wanted = vec![usize::MAX; self.entries.len()];
        for (i, &k) in support.iter().enumerate() {
            wanted[k] = i;
        }
        let differs = |&(k, now): &(usize, f64)| {
            let i = wanted[k];
            i == usize::MAX || (extra[i] - now).abs() > 1e-9 * self.column(k)[k]
        };
        let changed: Vec<usize> = (0..self.factored.len()).filter(|&i| differs(&self.factored[i])).collect();
        if let Some(&first) = changed.first() {
            // Updates cost more than to begin again after the first that changes, if there are many.
            let order = self.factored.len();
            let updates: u64 = changed.iter().map(|&i| ((order - i) as u64).pow(2)).sum();
            if UPDATE * updates > (order as u64).pow(3) - (first as u64).pow(3) {
                self.truncate(first);
            }
        }
        for i in (0..self.factored.len()).rev() {
            if wanted[self.factored[i].0] == usize::MAX {
                self.factor.remove(i);
                self.factored.remove(i);
            }
        }
        for i in 0..self.factored.len() {
            let (k, now) = self.factored[i];
            let target = extra[wanted[k]];
            if (target - now).abs() > 1e-9 * self.column(k)[k] {
                if !self.factor.shift(i, target - now) {
                    self.truncate(0);
                    break;
                }
                self.factored[i].1 = target;
            }
        }
        for (k, _) in &self.factored {
            wanted[*k] = usize::MAX;
        }
        let old = self.factored.len();
        let missing = support.iter().zip(extra).enumerate().filter(|&(i, (&k, _))| wanted[k] == i);
        self.factored.extend(missing.map(|(_, (&k, &extra))| (k, extra)));
        let row = |end: usize| {
            let (k, extra) = self.factored[end];
            let column = self.column(k);
            let mut row: Vec<f64> = self.factored[..=end].iter().map(|&(l, _)| column[l]).collect();
            row[end] += extra;
            row
        };
        let rows = (old..self.factored.len()).map(row).collect();
        let taken = old + self.factor.append(rows);
        let complete = taken == self.factored.len();
        self.factored.truncate(taken);
        complete
    }
}

impl Quadratic for Gram {
    const EXPLICIT: bool = true;

    fn gradient(&self, k: usize) -> f64 {
        self.part.as_ref().map_or_else(|| self.gradient[k], |part| part.gradient[part.position[k]])
    }

    fn curvature(&self, k: usize) -> f64 {
        self.entries[k][k]
    }

    fn block_curvature(&self, first: usize, size: usize) -> f64 {
        let rows =
            (first..first + size).map(|k| self.column(k)[first..first + size].iter().map(|h| h.abs()).sum::<f64>());
        let trace: f64 = (first..first + size).map(|k| self.curvature(k)).sum();
        rows.fold(0.0, f64::max).min(trace)
    }

    fn shift(&mut self, k: usize, change: f64) {
        if let Some(part) = &mut self.part {
            let (i, count) = (part.position[k], part.places.len());
            part.changes[i] += change;
            return axpy(change, &part.entries[i * count..(i + 1) * count], &mut part.gradient);
        }
        axpy(change, &self.entries[k], &mut self.gradient);
    }

    fn shift_all(&mut self, changes: &[(usize, f64)]) {
        if self.part.is_some() {
            return changes.iter().for_each(|&(k, change)| self.shift(k, change));
        }
        let column = |k: usize| &self.entries[k][..];
        let (groups, rest) = changes.as_chunks::<SIDE_BY_SIDE>();
        for group in groups {
            axpys(group.map(|(_, change)| change), group.map(|(k, _)| column(k)), &mut self.gradient);
        }
        for &(k, change) in rest {
            axpy(change, column(k), &mut self.gradient);
        }
    }

    fn narrow(&mut self, places: &[usize]) {
        let mut position = vec![usize::MAX; self.entries.len()];
        let mut entries = Vec::with_capacity(places.len() * places.len());
        for (i, &k) in places.iter().enumerate() {
            position[k] = i;
            let column = self.column(k);
            entries.extend(places.iter().map(|&l| column[l]));
        }
        let gradient = places.iter().map(|&k| self.gradient[k]).collect();
        self.part =
            Some(Part { places: places.to_vec(), position, entries, gradient, changes: vec![0.0; places.len()] });
    }

    fn widen(&mut self) {
        if let Some(Part { places, changes, .. }) = self.part.take() {
            let changes: Vec<(usize, f64)> = places.into_iter().zip(changes).filter(|&(_, d)| d != 0.0).collect();
            self.shift_all(&changes);
        }
    }

    fn solve(&mut self, support: &[usize], extra: &[f64], right: &mut [f64]) -> bool {
        if !self.adjust(support, extra) {
            // Rounding is to blame only if there have been many updates.
            if self.factor.updates <= support.len() / 4 {
                return false;
            }
            self.truncate(0);
            if !self.adjust(support, extra) {
                return false;
            }
        }
        let mut wanted = vec![0; self.entries.len()];
        for (i, &k) in support.iter().enumerate() {
            wanted[k] = i;
        }
        let mut solution: Vec<f64> = self.factored.iter().map(|&(k, _)| right[wanted[k]]).collect();
        self.factor.solve(&mut solution);
        for (&(k, _), x) in self.factored.iter().zip(solution) {
            right[wanted[k]] = x;
        }
        true
    }
}
