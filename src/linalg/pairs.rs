//! A limited memory of pairs, and the product of its inverse Hessian with a vector.

use core::mem::swap;

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::real::Real;

/// The last M pairs of a displacement s and the change y of what should vanish, the newest first.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Pairs<T: Real, const N: usize, const M: usize> {
    s: SMatrix<T, N, M>,
    y: SMatrix<T, N, M>,
    /// `⟨s, y⟩`, zero where there is no pair.
    bends: SVector<T, M>,
}

impl<T: Real, const N: usize, const M: usize> Pairs<T, N, M> {
    pub(crate) const fn new() -> Self {
        Self { s: linalg::zeros(), y: linalg::zeros(), bends: linalg::zeros() }
    }

    pub(crate) fn clear(&mut self) {
        self.bends = linalg::zeros();
    }

    pub(crate) fn is_empty(&self) -> bool {
        !(self.bends.iter().any(|&bend| bend > T::ZERO))
    }

    /// Takes a pair unless its curvature is not positive.
    pub(crate) fn push(&mut self, s: SVector<T, N>, y: SVector<T, N>) {
        let mut bend = linalg::dot(&s, &y);
        if !(bend > T::EPSILON * linalg::norm(&s) * linalg::norm(&y) && bend.is_finite()) {
            return;
        }
        let (mut s, mut y) = (s, y);
        for column in columns_mut(&mut self.s) {
            swap(column, entries_mut(&mut s));
        }
        for column in columns_mut(&mut self.y) {
            swap(column, entries_mut(&mut y));
        }
        for place in entries_mut(&mut self.bends) {
            swap(place, &mut bend);
        }
    }

    /// The pairs, the newest first, each with its `⟨s, y⟩`.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&[T; N], &[T; N], T)> {
        let all = columns(&self.s).iter().zip(columns(&self.y)).zip(entries(&self.bends));
        all.map(|((s, y), &bend)| (s, y, bend)).filter(|&(_, _, bend)| bend > T::ZERO)
    }

    /// `H r` by the two loops (Nocedal & Wright, algorithm 7.4); r itself without pairs.
    pub(crate) fn apply(&self, r: &SVector<T, N>) -> SVector<T, N> {
        let mut q = *r;
        let along = |a: &[T; N], q: &SVector<T, N>| a.iter().zip(q.iter()).fold(T::ZERO, |sum, (&a, &q)| sum + a * q);
        let add = |q: &mut SVector<T, N>, a: &[T; N], by: T| {
            for (q, &a) in q.iter_mut().zip(a) {
                *q += by * a;
            }
        };
        let mut shares = [T::ZERO; M];
        let mut scale = T::ZERO;
        let pairs = || columns(&self.s).iter().zip(columns(&self.y)).zip(entries(&self.bends));
        for (((s, y), &bend), share) in pairs().zip(&mut shares) {
            if bend > T::ZERO {
                *share = along(s, &q) / bend;
                add(&mut q, y, -*share);
                if scale == T::ZERO {
                    scale = bend / y.iter().fold(T::ZERO, |sum, y| sum + y.squared());
                }
            }
        }
        if scale > T::ZERO {
            q *= scale;
        }
        for (((s, y), &bend), &share) in pairs().zip(&shares).rev() {
            if bend > T::ZERO {
                let back = along(y, &q) / bend;
                add(&mut q, s, share - back);
            }
        }
        q
    }
}
