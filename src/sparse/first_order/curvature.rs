//! The largest eigenvalue of `[X̃ 1]ᵀ W [X̃ 1]` by Lanczos' iteration.

use std::vec;
use std::vec::Vec;

use faer::{Mat, Side};

use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::first_order::smooth::Smooth;

/// The share by which the largest Ritz value, which is never above the eigenvalue, is rounded up. After a hundred steps from a
/// random vector it is further below with a probability of less than `1.65 √p exp(-√0.01 · 199)`: 4e-6 for p = 10⁶ (Kuczyński &
/// Woźniakowski 1992, theorem 4.2).
const MARGIN: f64 = 0.01;
const STEPS: usize = 100;

/// An upper bound of the curvature, and whether it holds everywhere or at η only.
pub(super) fn largest<D: Design, F: Datafit>(smooth: &mut Smooth<'_, '_, D, F>, eta: &[f64]) -> (f64, bool) {
    let mut weights = vec![0.0; eta.len()];
    let certain = smooth.datafit.curvature_bounds(&mut weights);
    if !certain {
        smooth.datafit.curvatures(eta, &mut weights);
    }
    let size = smooth.len();
    let (mut diagonal, mut beside): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let (mut last, mut now) = (vec![0.0; size], scattered(size));
    let mut ritz = 0.0;
    for step in 1..=STEPS.min(size) {
        let mut next = now.clone();
        smooth.bend(&weights, &mut next);
        let share = dot(&next, &now);
        let before = beside.last().copied().unwrap_or(0.0);
        for ((next, now), last) in next.iter_mut().zip(&now).zip(&last) {
            *next -= share * now + before * last;
        }
        diagonal.push(share);
        let norm = dot(&next, &next).sqrt();
        let spent = !(norm > 1e-10 * share.abs()) || step == STEPS.min(size);
        if spent || step % 10 == 0 {
            let (old, new) = (ritz, largest_of(&diagonal, &beside));
            ritz = new;
            if spent || new - old <= 1e-4 * new {
                break;
            }
        }
        next.iter_mut().for_each(|x| *x /= norm);
        beside.push(norm);
        (last, now) = (now, next);
    }
    ((1.0 + MARGIN) * ritz, certain)
}

/// The largest eigenvalue of a symmetric tridiagonal matrix.
fn largest_of(diagonal: &[f64], beside: &[f64]) -> f64 {
    let mut matrix = Mat::<f64>::zeros(diagonal.len(), diagonal.len());
    for (k, &entry) in diagonal.iter().enumerate() {
        matrix[(k, k)] = entry;
    }
    for (k, &entry) in beside.iter().enumerate() {
        matrix[(k + 1, k)] = entry;
    }
    let trace: f64 = diagonal.iter().sum();
    matrix.self_adjoint_eigenvalues(Side::Lower).map_or(trace, |values| values.last().copied().unwrap_or(trace))
}

/// A unit vector without a pattern: multiples of the golden ratio's fraction, scrambled.
fn scattered(size: usize) -> Vec<f64> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut vector: Vec<f64> = (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            #[allow(clippy::cast_precision_loss, reason = "the upper bits suffice")]
            let uniform = (state >> 11) as f64 / (1_u64 << 53) as f64;
            uniform - 0.5
        })
        .collect();
    let norm = dot(&vector, &vector).sqrt();
    vector.iter_mut().for_each(|x| *x /= norm);
    vector
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
