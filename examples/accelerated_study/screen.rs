//! The paper's screening: a column is left out while its correlation, halved by mistake, is below the strong rule's bound. Nothing
//! checks afterwards what was left out.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use faer::MatMut;
use thalweg::sparse::design::{Centred, Dense};
use thalweg::sparse::{Design, Weights};

/// A design of which only some columns answer; the others seem orthogonal to everything, and stay at zero.
pub struct Screened<'a> {
    pub design: Dense<'a, f64>,
    kept: Vec<AtomicBool>,
}

impl<'a> Screened<'a> {
    /// With all columns.
    pub fn new(design: Dense<'a, f64>) -> Self {
        let kept = (0..design.columns()).map(|_| AtomicBool::new(true)).collect();
        Self { design, kept }
    }

    /// Chooses the columns that answer from now on.
    pub fn keep(&self, kept: impl Fn(usize) -> bool) {
        self.kept.iter().enumerate().for_each(|(j, flag)| flag.store(kept(j), Ordering::Relaxed));
    }

    pub fn is_kept(&self, j: usize) -> bool {
        self.kept[j].load(Ordering::Relaxed)
    }
}

impl Design for Screened<'_> {
    fn rows(&self) -> usize {
        self.design.rows()
    }

    fn columns(&self) -> usize {
        self.design.columns()
    }

    fn entries(&self, j: usize) -> usize {
        self.design.entries(j)
    }

    fn is_dense(&self) -> bool {
        true
    }

    fn dot(&self, j: usize, v: &[f64]) -> f64 {
        if self.is_kept(j) { self.design.dot(j, v) } else { 0.0 }
    }

    fn add(&self, j: usize, a: f64, weights: Weights<'_>, v: &mut [f64]) {
        self.design.add(j, a, weights, v);
    }

    fn moments(&self, j: usize, weights: Weights<'_>) -> [f64; 2] {
        self.design.moments(j, weights)
    }

    fn spread(&self, j: usize, centre: f64, weights: Weights<'_>) -> f64 {
        self.design.spread(j, centre, weights)
    }

    fn dots(&self, columns: Range<usize>, v: &[f64], out: &mut [f64]) {
        if columns.clone().all(|j| self.is_kept(j)) {
            self.design.dots(columns, v, out);
        } else {
            columns.zip(out).for_each(|(j, out)| *out = self.dot(j, v));
        }
    }

    fn products(&self, left: Centred<'_>, right: Centred<'_>, weights: Weights<'_>, out: MatMut<'_, f64>) {
        self.design.products(left, right, weights, out);
    }

    fn gram(&self, all: Centred<'_>, weights: Weights<'_>, out: MatMut<'_, f64>) {
        self.design.gram(all, weights, out);
    }
}
