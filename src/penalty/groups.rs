//! One penalty for groups of coordinates, or different penalties for different coordinates.

use crate::penalty::{Penalty, Separable};
use crate::real::Real;
use crate::step::ConfigError;

/// The sum of one penalty over consecutive groups; what follows the last size is cut into groups of that size again, so
/// that one size serves for equal groups. The last group takes what is left.
///
/// ```
/// use thalweg::penalty::{Groups, L1, Penalty, Radial};
/// let mut x = [3.0_f64, 4.0, 0.3, -0.4];
/// Groups { penalty: Radial(L1 { strength: 1.0 }), sizes: [2] }.prox(&mut x, 1.0);
/// assert!((x[0] - 2.4).abs() < 1e-15 && (x[1] - 3.2).abs() < 1e-15 && x[2..] == [0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Groups<P, const K: usize> {
    /// The penalty of a group.
    pub penalty: P,
    /// The numbers of coordinates. Zero is taken as one.
    pub sizes: [usize; K],
}

/// A penalty of the first `L` coordinates and another of the rest; nest it for more.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Blocks<P, R, const L: usize> {
    /// Of the first `L` coordinates.
    pub first: P,
    /// Of the others.
    pub rest: R,
}

impl<P, const K: usize> Groups<P, K> {
    /// The sizes, the last one for ever.
    fn sizes(&self) -> impl Iterator<Item = usize> {
        let last = self.sizes.last().copied().unwrap_or(1);
        self.sizes.into_iter().chain(core::iter::repeat(last)).map(|size| size.max(1))
    }
}

/// Cuts off at most `size` entries.
fn cut<'a, T>(x: &mut &'a [T], size: usize) -> &'a [T] {
    let (head, tail) = x.split_at_checked(size).unwrap_or((x, &[]));
    *x = tail;
    head
}

/// As [`cut`], to write.
fn cut_mut<'a, T>(x: &mut &'a mut [T], size: usize) -> &'a mut [T] {
    let whole = core::mem::take(x);
    let size = size.min(whole.len());
    match whole.split_at_mut_checked(size) {
        Some((head, tail)) => {
            *x = tail;
            head
        }
        None => &mut [],
    }
}

impl<T: Real, P: Penalty<T>, const K: usize> Penalty<T> for Groups<P, K> {
    fn value(&self, mut x: &[T]) -> T {
        let mut sum = T::ZERO;
        for size in self.sizes() {
            if x.is_empty() {
                break;
            }
            sum += self.penalty.value(cut(&mut x, size));
        }
        sum
    }

    fn prox(&self, mut x: &mut [T], rate: T) {
        for size in self.sizes() {
            if x.is_empty() {
                break;
            }
            self.penalty.prox(cut_mut(&mut x, size), rate);
        }
    }

    fn gap(&self, mut x: &[T], mut g: &mut [T]) -> T {
        let mut square = T::ZERO;
        for size in self.sizes() {
            if x.is_empty() {
                break;
            }
            square += self.penalty.gap(cut(&mut x, size), cut_mut(&mut g, size)).squared();
        }
        square.sqrt()
    }

    fn convexity(&self) -> T {
        self.penalty.convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.penalty.validate()
    }
}

impl<T: Real, P: Penalty<T>, R: Penalty<T>, const L: usize> Penalty<T> for Blocks<P, R, L> {
    fn value(&self, mut x: &[T]) -> T {
        let first = cut(&mut x, L);
        self.first.value(first) + self.rest.value(x)
    }

    fn prox(&self, mut x: &mut [T], rate: T) {
        self.first.prox(cut_mut(&mut x, L), rate);
        self.rest.prox(x, rate);
    }

    fn gap(&self, mut x: &[T], mut g: &mut [T]) -> T {
        let first = self.first.gap(cut(&mut x, L), cut_mut(&mut g, L));
        first.hypot(self.rest.gap(x, g))
    }

    fn convexity(&self) -> T {
        self.first.convexity().min(self.rest.convexity())
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.first.validate()?;
        self.rest.validate()
    }
}

impl<T: Real, P: Separable<T>, R: Separable<T>, const L: usize> Separable<T> for Blocks<P, R, L> {
    fn value_at(&self, j: usize, x: T) -> T {
        j.checked_sub(L).map_or_else(|| self.first.value_at(j, x), |j| self.rest.value_at(j, x))
    }

    fn prox_at(&self, j: usize, x: T, rate: T) -> T {
        j.checked_sub(L).map_or_else(|| self.first.prox_at(j, x, rate), |j| self.rest.prox_at(j, x, rate))
    }

    fn gap_at(&self, j: usize, x: T, g: T) -> T {
        j.checked_sub(L).map_or_else(|| self.first.gap_at(j, x, g), |j| self.rest.gap_at(j, x, g))
    }
}
