//! Sparse vectors.

use crate::penalty::Penalty;
use crate::penalty::threshold::levels;
use crate::real::Real;
use crate::step::ConfigError;

/// The set of vectors with at most `count` nonzero entries.
///
/// The projection keeps the largest magnitudes, of equal ones the first. The gap is the distance to the limiting normal
/// cone (Bauschke, Luke, Phan & Wang 2014, theorem 3.9): with `count` nonzero entries the gradient must vanish on them,
/// with s fewer ones also on s others. That is necessary for a minimum and far from sufficient: every x that is best on
/// its own support is stationary.
///
/// ```
/// use thalweg::penalty::{Cardinality, Penalty};
/// let mut x = [3.0, -0.5, -4.0, 1.0];
/// Cardinality { count: 2 }.prox(&mut x, 1.0);
/// assert_eq!(x, [3.0, 0.0, -4.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cardinality {
    /// k.
    pub count: usize,
}

fn nonzeros<T: Real>(x: &[T]) -> usize {
    x.iter().filter(|&&x| x != T::ZERO).count()
}

impl<T: Real> Penalty<T> for Cardinality {
    fn value(&self, x: &[T]) -> T {
        if nonzeros(x) <= self.count { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        // The smallest magnitude kept, and how many of that size.
        let (mut cut, mut keep, mut left) = (T::INFINITY, 0, self.count);
        for (size, times) in levels(x.iter().map(|x| x.abs())) {
            if left == 0 {
                break;
            }
            (cut, keep) = (size, times.min(left));
            left -= keep;
        }
        for x in x {
            if x.abs() < cut || (x.abs() == cut && keep == 0) {
                *x = T::ZERO;
            } else if x.abs() == cut {
                keep -= 1;
            }
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let used = nonzeros(x);
        if used > self.count {
            return T::INFINITY;
        }
        let on = x.iter().zip(g.iter()).filter(|(x, _)| **x != T::ZERO);
        let mut square = on.fold(T::ZERO, |sum, (_, g)| sum + g.squared());
        let mut left = self.count - used;
        let off = x.iter().zip(g.iter()).filter(|(x, _)| **x == T::ZERO).map(|(_, g)| -g.abs());
        for (size, times) in levels(off) {
            if left == 0 {
                break;
            }
            square += T::of_usize(times.min(left)) * size.squared();
            left -= times.min(left);
        }
        square.sqrt()
    }

    fn convexity(&self) -> T {
        -T::INFINITY
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}
