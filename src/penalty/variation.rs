//! Total variation of a sequence: results are piecewise constant.

use crate::penalty::Penalty;
use crate::penalty::scalar::weight;
use crate::real::Real;
use crate::step::ConfigError;

/// `p(x) = strength · Σ |xⱼ₊₁ - xⱼ|` (Rudin, Osher & Fatemi 1992, in one dimension; the fused lasso).
///
/// ```
/// use thalweg::penalty::{Penalty, TotalVariation};
/// let mut x = [1.0, 3.0, 2.0, 8.0];
/// TotalVariation { strength: 1.0 }.prox(&mut x, 1.0);
/// assert_eq!(x, [2.0, 2.5, 2.5, 7.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TotalVariation<T> {
    /// λ. Zero or more, finite.
    pub strength: T,
}

/// A level that the current segment may have, the tube's dual value under it, and where it last touched the tube.
#[derive(Clone, Copy)]
struct Level<T> {
    value: T,
    dual: T,
    mark: usize,
}

impl<T: Real> Penalty<T> for TotalVariation<T> {
    fn value(&self, x: &[T]) -> T {
        self.strength * x.iter().zip(x.iter().skip(1)).fold(T::ZERO, |sum, (&a, &b)| sum + (b - a).abs())
    }

    /// Condat, "A direct algorithm for 1-D total variation denoising", 2013: linear for most sequences, quadratic at worst.
    fn prox(&self, x: &mut [T], rate: T) {
        let tube = rate * self.strength;
        let Some(end) = x.len().checked_sub(1) else { return };
        if !(tube > T::ZERO) {
            return;
        }
        let (mut k, mut start) = (0, 0);
        let first = at(x, 0);
        let mut low = Level { value: first - tube, dual: tube, mark: 0 };
        let mut high = Level { value: first + tube, dual: -tube, mark: 0 };
        while start <= end {
            if k < end {
                let next = at(x, k + 1);
                low.dual += next - low.value;
                high.dual += next - high.value;
                if low.dual < -tube {
                    fill(x, start, low.mark, low.value);
                    start = low.mark + 1;
                    let value = at(x, start);
                    low = Level { value, dual: tube, mark: start };
                    high = Level { value: value + T::TWO * tube, dual: -tube, mark: start };
                    k = start;
                } else if high.dual > tube {
                    fill(x, start, high.mark, high.value);
                    start = high.mark + 1;
                    let value = at(x, start);
                    high = Level { value, dual: -tube, mark: start };
                    low = Level { value: value - T::TWO * tube, dual: tube, mark: start };
                    k = start;
                } else {
                    k += 1;
                    let length = T::of_usize(k - start + 1);
                    if low.dual >= tube {
                        low = Level { value: low.value + (low.dual - tube) / length, dual: tube, mark: k };
                    }
                    if high.dual <= -tube {
                        high = Level { value: high.value + (high.dual + tube) / length, dual: -tube, mark: k };
                    }
                }
            } else if low.dual < T::ZERO {
                fill(x, start, low.mark, low.value);
                start = low.mark + 1;
                let value = at(x, start);
                low = Level { value, dual: tube, mark: start };
                high.dual = value + tube - high.value;
                k = start;
            } else if high.dual > T::ZERO {
                fill(x, start, high.mark, high.value);
                start = high.mark + 1;
                let value = at(x, start);
                high = Level { value, dual: -tube, mark: start };
                low.dual = value - tube - low.value;
                k = start;
            } else {
                let level = low.value + low.dual / T::of_usize(end - start + 1);
                fill(x, start, end, level);
                return;
            }
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        weight(self.strength)
    }
}

fn at<T: Real>(x: &[T], i: usize) -> T {
    x.get(i).copied().unwrap_or_default()
}

fn fill<T: Real>(x: &mut [T], first: usize, last: usize, value: T) {
    for x in x.iter_mut().take(last + 1).skip(first) {
        *x = value;
    }
}
