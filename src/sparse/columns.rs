//! The columns as the solvers see them: centred and scaled in thought, never in memory.

use std::vec;
use std::vec::Vec;

use rayon::prelude::*;

use crate::sparse::{Design, Weights};

/// Columns to a task: a fixed number, so that bits do not depend on threads.
const TASK: usize = 64;

/// `x̃ⱼ = (xⱼ - mⱼ) / sⱼ`.
#[derive(Debug)]
pub(crate) struct Columns<'a, D> {
    pub(crate) design: &'a D,
    /// m, or empty for none.
    centres: Vec<f64>,
    /// 1 / s, or empty for ones; zero for a constant column, which is thereby out of the model.
    factors: Vec<f64>,
    /// Whether the factors are to bring the squares to one.
    scaled: bool,
    /// `Σ ωᵢ x̃ᵢⱼ²`.
    pub(crate) squares: Vec<f64>,
    /// Whether passes over all columns are shared among the threads of the current pool.
    parallel: bool,
}

impl<'a, D: Design> Columns<'a, D> {
    /// Before the design is read.
    pub(crate) fn new(design: &'a D, centred: bool, scaled: bool, parallel: bool) -> Self {
        let p = design.columns();
        Self {
            design,
            centres: vec![0.0; if centred { p } else { 0 }],
            factors: vec![1.0; if centred || scaled { p } else { 0 }],
            scaled,
            squares: vec![0.0; p],
            parallel,
        }
    }

    /// One pass over the design, for centres, factors and squares, and on the way for `X̃ᵀv`, unless v is empty.
    pub(crate) fn read(&mut self, weights: Weights<'_>, v: &[f64]) -> Vec<f64> {
        let sums = if v.is_empty() { Vec::new() } else { self.sums(v) };
        let (design, centred, scaled) = (self.design, self.is_centred(), self.scaled);
        let mut whole: Vec<(Column, f64)> = vec![Default::default(); self.len()];
        let measure = |(task, out): (usize, &mut [(Column, f64)])| {
            for (j, (column, product)) in (task * TASK..).zip(out) {
                *column = Column::measure(design, j, weights, centred, scaled);
                if !v.is_empty() {
                    *product = (design.dot(j, v) - column.centre * sums[design.output(j)]) * column.factor;
                }
            }
        };
        if self.parallel {
            whole.par_chunks_mut(TASK).enumerate().for_each(measure);
        } else {
            whole.chunks_mut(TASK).enumerate().for_each(measure);
        }
        for (j, (column, _)) in whole.iter().enumerate() {
            if let Some(centre) = self.centres.get_mut(j) {
                *centre = column.centre;
            }
            if let Some(factor) = self.factors.get_mut(j) {
                *factor = column.factor;
            }
            self.squares[j] = column.square;
        }
        whole.into_iter().map(|(_, product)| product).collect()
    }

    pub(crate) fn is_centred(&self) -> bool {
        !self.centres.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.squares.len()
    }

    /// mⱼ.
    pub(crate) fn centre(&self, j: usize) -> f64 {
        self.centres.get(j).copied().unwrap_or(0.0)
    }

    /// 1 / sⱼ.
    pub(crate) fn factor(&self, j: usize) -> f64 {
        self.factors.get(j).copied().unwrap_or(1.0)
    }

    /// The sums of the segments of v, one for each output; zeros if nothing is centred and they are not needed.
    pub(crate) fn sums(&self, v: &[f64]) -> Vec<f64> {
        let outputs = self.design.outputs();
        if self.centres.is_empty() {
            return vec![0.0; outputs];
        }
        v.chunks(v.len() / outputs).map(|segment| segment.iter().sum()).collect()
    }

    /// `out = X̃ᵀ v`.
    pub(crate) fn dots(&self, v: &[f64], out: &mut [f64]) {
        let sums = self.sums(v);
        let pass = |(task, out): (usize, &mut [f64])| {
            self.dots_from(task * TASK, v, &sums, out);
        };
        if self.parallel {
            out.par_chunks_mut(TASK).enumerate().for_each(pass);
        } else {
            out.chunks_mut(TASK).enumerate().for_each(pass);
        }
    }

    /// `x̃ⱼᵀv` of neighbouring columns, given the [`sums`](Self::sums) of v.
    fn dots_from(&self, start: usize, v: &[f64], sums: &[f64], out: &mut [f64]) {
        self.design.dots(start..start + out.len(), v, out);
        for (j, out) in (start..).zip(out) {
            *out = (*out - self.centre(j) * sums[self.design.output(j)]) * self.factor(j);
        }
    }

    /// `x̃ⱼᵀv` of some columns.
    pub(crate) fn dots_of(&self, listed: &[usize], v: &[f64]) -> Vec<f64> {
        let sums = self.sums(v);
        let mut out = vec![0.0; listed.len()];
        let pass = |(mut listed, mut out): (&[usize], &mut [f64])| {
            // Neighbours together.
            while let Some(run) = listed.chunk_by(|a, b| a + 1 == *b).next() {
                let (products, rest) = out.split_at_mut(run.len());
                self.dots_from(run[0], v, &sums, products);
                (listed, out) = (&listed[run.len()..], rest);
            }
        };
        if self.parallel {
            listed.par_chunks(TASK).zip(out.par_chunks_mut(TASK)).for_each(pass);
        } else {
            listed.chunks(TASK).zip(out.chunks_mut(TASK)).for_each(pass);
        }
        out
    }

    /// `v += Σⱼ aⱼ x̃ⱼ` over pairs (j, aⱼ).
    pub(crate) fn add(&self, terms: impl Iterator<Item = (usize, f64)>, v: &mut [f64]) {
        let mut shifts = vec![0.0; self.design.outputs()];
        for (j, a) in terms {
            let a = a * self.factor(j);
            self.design.add(j, a, Weights::Uniform(1.0), v);
            shifts[self.design.output(j)] -= a * self.centre(j);
        }
        shift(v, &shifts);
    }
}

/// Centre mⱼ, factor 1 / sⱼ and `Σ ωᵢ x̃ᵢⱼ²` of a column; a constant column has the factor zero.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Column {
    pub(crate) centre: f64,
    pub(crate) factor: f64,
    pub(crate) square: f64,
}

impl Column {
    pub(crate) fn measure<D: Design>(design: &D, j: usize, weights: Weights<'_>, centred: bool, scaled: bool) -> Self {
        let [mean, whole] = design.moments(j, weights);
        if !whole.is_finite() {
            return Self { square: whole, ..Self::default() };
        }
        let spread = if centred { design.spread(j, mean, weights) } else { whole };
        // What centring leaves of a constant column is rounding.
        if spread <= 1e-14 * whole {
            return Self { centre: if centred { mean } else { 0.0 }, factor: 0.0, square: 0.0 };
        }
        let (factor, square) = if scaled { (1.0 / spread.sqrt(), 1.0) } else { (1.0, spread) };
        Self { centre: if centred { mean } else { 0.0 }, factor, square }
    }
}

/// Adds a constant to each segment of v.
pub(crate) fn shift(v: &mut [f64], constants: &[f64]) {
    let length = v.len() / constants.len();
    for (segment, &constant) in v.chunks_mut(length.max(1)).zip(constants) {
        if constant != 0.0 {
            segment.iter_mut().for_each(|v| *v += constant);
        }
    }
}
