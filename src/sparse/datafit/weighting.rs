//! What every datafit knows of its observations beside the responses: weights and an offset.

use std::vec;
use std::vec::Vec;

use super::DataError;

/// Weights that sum to one.
#[derive(Clone, Debug)]
pub(super) struct Weighting {
    pub(super) each: Vec<f64>,
    /// The weight of all, if they are the same.
    pub(super) uniform: Option<f64>,
}

impl Weighting {
    pub(super) fn equal(n: usize) -> Self {
        let weight = 1.0 / n as f64;
        Self { each: vec![weight; n], uniform: Some(weight) }
    }

    /// `weights / Σ weights` for n observations.
    pub(super) fn new(weights: &[f64], n: usize) -> Result<Self, DataError> {
        same_length(n, weights.len())?;
        finite(weights)?;
        if let Some(i) = weights.iter().position(|&w| w < 0.0) {
            return Err(DataError::Weight(i));
        }
        // Divided by the largest first, lest the sum overflow.
        let largest = weights.iter().fold(0.0, |most: f64, &w| most.max(w));
        if !(largest > 0.0) {
            return Err(DataError::Weight(n));
        }
        let smallest = weights.iter().fold(largest, |least: f64, &w| least.min(w));
        if smallest >= largest {
            return Ok(Self::equal(n));
        }
        let total: f64 = weights.iter().map(|w| w / largest).sum();
        Ok(Self { each: weights.iter().map(|w| w / largest / total).collect(), uniform: None })
    }
}

pub(super) fn same_length(expected: usize, found: usize) -> Result<(), DataError> {
    if expected == found { Ok(()) } else { Err(DataError::Length(expected, found)) }
}

pub(super) fn finite(entries: &[f64]) -> Result<(), DataError> {
    entries.iter().position(|x| !x.is_finite()).map_or(Ok(()), |i| Err(DataError::NotFinite(i)))
}

/// An offset of n entries, checked.
pub(super) fn checked_offset(offset: &[f64], n: usize) -> Result<Vec<f64>, DataError> {
    same_length(n, offset.len())?;
    finite(offset)?;
    Ok(offset.to_vec())
}

/// `Σ term(i)`, i below n, in eight partial sums: a fixed order that vectorizes.
pub(super) fn sum(n: usize, mut term: impl FnMut(usize) -> f64) -> f64 {
    let mut partial = [0.0; 8];
    let whole = n - n % 8;
    for start in (0..whole).step_by(8) {
        for lane in 0..8 {
            partial[lane] += term(start + lane);
        }
    }
    for i in whole..n {
        partial[i - whole] += term(i);
    }
    let [a, b, c, d, e, f, g, h] = partial;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}

/// `v log v`, continued to zero.
pub(super) fn entropy(v: f64) -> f64 {
    if v > 0.0 { v * v.ln() } else { 0.0 }
}

/// How far outside its domain a dual variable of size one may lie by rounding.
pub(super) const ROUNDING: f64 = 8.0 * f64::EPSILON;
