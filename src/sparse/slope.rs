//! SLOPE: the sorted l1 norm on all coefficients at once.

use core::cmp::Ordering;

use std::vec::Vec;

use crate::sparse::error::FitError;
use crate::sparse::terms::{Block, Penalties, Terms};

/// `λ Σₖ wₖ |β|₍ₖ₎`: the largest magnitude times the first weight and so on (Bogdan, van den Berg, Sabatti, Su & Candès 2015).
///
/// The coefficients are one block, so a first-order method fits them.
#[derive(Clone, Debug)]
pub struct Slope {
    weights: Vec<f64>,
}

impl Slope {
    /// With p weights, from the largest to the smallest, zero or more.
    ///
    /// # Errors
    /// [`FitError::Factor`] with the first weight that is out of order, negative or not finite.
    pub fn new(weights: &[f64]) -> Result<Self, FitError> {
        let mut above = f64::INFINITY;
        for (k, &weight) in weights.iter().enumerate() {
            if !(weight >= 0.0 && weight.is_finite() && weight <= above) {
                return Err(FitError::Factor(k));
            }
            above = weight;
        }
        Ok(Self { weights: weights.to_vec() })
    }

    /// The weights of OSCAR: 1 + `pairwise` (p - k) for the k-th largest (Bondell & Reich 2008).
    ///
    /// # Errors
    /// [`FitError::Factor`] if `pairwise` is negative or not finite.
    #[allow(clippy::cast_precision_loss, reason = "a count of columns")]
    pub fn oscar(p: usize, pairwise: f64) -> Result<Self, FitError> {
        Self::new(&(0..p).map(|k| 1.0 + pairwise * (p - 1 - k) as f64).collect::<Vec<_>>())
    }
}

/// [`Slope`] at one λ.
#[derive(Clone, Copy, Debug)]
pub struct SlopeTerms<'a> {
    weights: &'a [f64],
    lambda: f64,
}

impl Penalties for Slope {
    type At<'a> = SlopeTerms<'a>;

    fn at(&self, lambda: f64) -> SlopeTerms<'_> {
        SlopeTerms { weights: &self.weights, lambda }
    }

    fn is_free(&self, _: usize) -> bool {
        self.weights.first().is_none_or(|&largest| largest == 0.0)
    }

    fn with_coefficients(self, p: usize) -> Result<Self, FitError> {
        if self.weights.len() == p {
            Ok(self)
        } else {
            Err(FitError::Lengths { what: "weights of SLOPE", expected: p, found: self.weights.len() })
        }
    }
}

/// Places of x from the largest magnitude to the smallest.
fn descending(x: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[b].abs().partial_cmp(&x[a].abs()).unwrap_or(Ordering::Equal).then(a.cmp(&b)));
    order
}

impl Terms for SlopeTerms<'_> {
    fn blocks(&self) -> usize {
        1
    }

    fn columns(&self, _: usize) -> Block<'_> {
        Block::Range(0, self.weights.len())
    }

    fn block_of(&self, _: usize) -> usize {
        0
    }

    fn value(&self, _: usize, x: &[f64]) -> f64 {
        let sum: f64 = descending(x).iter().zip(self.weights).map(|(&j, w)| w * x[j].abs()).sum();
        self.lambda * sum
    }

    fn prox(&self, _: usize, x: &mut [f64], rate: f64) {
        // Magnitudes less their weights are pooled until they do not increase; what is left of them is cut at zero.
        let order = descending(x);
        let mut pools: Vec<(f64, usize)> = Vec::with_capacity(x.len());
        for (&j, w) in order.iter().zip(self.weights) {
            let (mut sum, mut count) = (x[j].abs() - rate * self.lambda * w, 1);
            while let Some(&(above, size)) = pools.last() {
                if above * count_of(count) > sum * count_of(size) {
                    break;
                }
                pools.pop();
                sum += above;
                count += size;
            }
            pools.push((sum, count));
        }
        let mut places = order.into_iter();
        for (sum, count) in pools {
            let level = (sum / count_of(count)).max(0.0);
            for j in places.by_ref().take(count) {
                x[j] = if level == 0.0 { 0.0 } else { level.copysign(x[j]) };
            }
        }
    }

    fn gap(&self, block: usize, x: &[f64], g: &mut [f64]) -> f64 {
        let mut z: Vec<f64> = x.iter().zip(g.iter()).map(|(x, g)| x - g).collect();
        self.prox(block, &mut z, 1.0);
        z.iter().zip(x).map(|(z, x)| (z - x) * (z - x)).sum::<f64>().sqrt()
    }

    fn is_convex(&self) -> bool {
        true
    }

    fn convexity(&self, _: usize) -> f64 {
        0.0
    }

    fn is_interior(&self, _: usize, _: f64) -> bool {
        true
    }
}

#[allow(clippy::cast_precision_loss, reason = "a count of columns")]
fn count_of(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "every number here is exact")]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_are_soft_thresholds_and_others_tie_magnitudes() {
        let mut x = [3.0, -0.5, -2.0];
        Slope::new(&[1.0; 3]).unwrap().at(1.0).prox(0, &mut x, 1.0);
        assert_eq!(x, [2.0, 0.0, -1.0]);
        // Minimizing ½(3 - a)² + ½(2.5 - b)² + 2a + b over a ≥ b: both are (1 + 1.5) / 2.
        let mut x = [-2.5, 3.0];
        Slope::new(&[2.0, 1.0]).unwrap().at(1.0).prox(0, &mut x, 1.0);
        assert_eq!(x, [-1.25, 1.25]);
        let terms = Slope::new(&[2.0, 1.0]).unwrap();
        assert!((terms.at(0.5).value(0, &[1.0, -3.0]) - 3.5).abs() < 1e-15);
        assert_eq!(terms.at(1.0).gap(0, &[0.0, 0.0], &mut [1.5, -1.5]), 0.0);
    }
}
