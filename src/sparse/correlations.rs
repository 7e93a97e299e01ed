//! The correlations `c = X̃ᵀρ` of all columns, known exactly or within a bound that saves the pass over the design.
//!
//! c is linear in ρ. If ρ is a combination of residuals whose correlations are known, but for a remainder e, then `cⱼ` is the same
//! combination within `‖x̃ⱼ‖_ω ‖e‖_{1/ω}` (Cauchy and Schwarz). Along a path residuals change slowly, so the bound settles most
//! columns; a full pass is made when it does not. Nothing is assumed of loss or penalty.

use std::vec;
use std::vec::Vec;

use crate::sparse::Design;
use crate::sparse::columns::Columns;

/// Full passes remembered.
const KEPT: usize = 3;

/// What is known of c.
#[derive(Debug, Default)]
pub(crate) struct Correlations {
    /// Residuals and their exact correlations, the latest first.
    known: Vec<(Vec<f64>, Vec<f64>)>,
    /// Centres of intervals that hold c for the residual last asked about.
    pub(crate) estimate: Vec<f64>,
    /// `‖e‖_{1/ω}`: half of an interval's length for a column of norm one.
    pub(crate) error: f64,
    /// Full passes made.
    pub(crate) passes: usize,
}

impl Correlations {
    /// Sets the intervals for ρ, without reading the design.
    pub(crate) fn bound(&mut self, rho: &[f64], weights: &[f64]) {
        let product = |a: &[f64], b: &[f64]| -> f64 {
            let segments = a.chunks(weights.len()).zip(b.chunks(weights.len()));
            segments
                .map(|(a, b)| {
                    a.iter().zip(b).zip(weights).map(|((a, b), &w)| if w > 0.0 { a * b / w } else { 0.0 }).sum::<f64>()
                })
                .sum()
        };
        let mut remainder = rho.to_vec();
        let mut mix = vec![0.0; self.known.len()];
        // Two sweeps of orthogonalised residuals are as good as the least squares solution for a bound.
        let mut basis: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
        for (k, (residual, _)) in self.known.iter().enumerate() {
            let mut direction = residual.clone();
            let mut weights_of = vec![0.0; self.known.len()];
            weights_of[k] = 1.0;
            for (earlier, of, square) in &basis {
                let share = product(&direction, earlier) / square;
                direction.iter_mut().zip(earlier).for_each(|(d, e)| *d -= share * e);
                weights_of.iter_mut().zip(of).for_each(|(w, o)| *w -= share * o);
            }
            let square = product(&direction, &direction);
            if square > 1e-12 * product(residual, residual) {
                let share = product(&remainder, &direction) / square;
                remainder.iter_mut().zip(&direction).for_each(|(r, d)| *r -= share * d);
                mix.iter_mut().zip(&weights_of).for_each(|(m, w)| *m += share * w);
                basis.push((direction, weights_of, square));
            }
        }
        // Rounding of the combination itself, for what was said of it above.
        let size: f64 = mix.iter().zip(&self.known).map(|(m, (r, _))| m.abs() * product(r, r).sqrt()).sum();
        self.error = product(&remainder, &remainder).sqrt() + 1e-14 * size;
        self.estimate.iter_mut().for_each(|c| *c = 0.0);
        for (m, (_, c)) in mix.iter().zip(&self.known) {
            self.estimate.iter_mut().zip(c).for_each(|(e, c)| *e += m * c);
        }
    }

    /// Reads the whole design.
    pub(crate) fn pass<D: Design>(&mut self, columns: &Columns<'_, D>, rho: &[f64]) {
        let mut exact =
            if self.known.len() == KEPT { self.known.pop().map(|(_, c)| c) } else { None }.unwrap_or_default();
        exact.resize(columns.len(), 0.0);
        columns.dots(rho, &mut exact);
        self.learn(rho, exact);
    }

    /// Takes in the exact correlations of a residual.
    pub(crate) fn learn(&mut self, rho: &[f64], exact: Vec<f64>) {
        self.estimate.clone_from(&exact);
        self.error = 0.0;
        self.passes += 1;
        self.known.truncate(KEPT - 1);
        self.known.insert(0, (rho.to_vec(), exact));
    }
}
