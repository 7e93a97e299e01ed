//! Kernels over columns: sums of products and updates, for any machine in the same order.
//!
//! A sum runs in sixteen lanes, entry i in lane i mod 16, folded in halves at the end; nothing is fused. So the bits depend
//! neither on the instruction set that is found at run time nor on the columns that are summed side by side.

use core::array;
use std::sync::OnceLock;

use pulp::{Arch, Simd, WithSimd};

use crate::Real;

const LANES: usize = 16;

type Lanes = [f64; LANES];

fn arch() -> Arch {
    static ARCH: OnceLock<Arch> = OnceLock::new();
    *ARCH.get_or_init(Arch::new)
}

/// Entries that are loaded as `f64`: a slice, or the same number everywhere.
pub(crate) trait Entries: Copy {
    fn at(self, i: usize) -> f64;

    /// The entries from `start` on.
    fn lanes(self, start: usize) -> Lanes;
}

impl<T: Real> Entries for &[T] {
    #[inline(always)]
    fn at(self, i: usize) -> f64 {
        self[i].to_f64()
    }

    #[inline(always)]
    fn lanes(self, start: usize) -> Lanes {
        let chunk = &self[start..start + LANES];
        array::from_fn(|k| chunk[k].to_f64())
    }
}

impl Entries for f64 {
    #[inline(always)]
    fn at(self, _i: usize) -> f64 {
        self
    }

    #[inline(always)]
    fn lanes(self, _start: usize) -> Lanes {
        [self; LANES]
    }
}

#[inline(always)]
fn fold(lanes: Lanes) -> f64 {
    let eight: [f64; 8] = array::from_fn(|k| lanes[k] + lanes[k + 8]);
    let four: [f64; 4] = array::from_fn(|k| eight[k] + eight[k + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// The sum over i of a function of the i-th entries of x and y.
struct Sum<X, Y, F> {
    length: usize,
    x: X,
    y: Y,
    term: F,
}

impl<X: Entries, Y: Entries, F: Fn(f64, f64) -> f64> WithSimd for Sum<X, Y, F> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        let mut sums = [0.0; LANES];
        let tail = self.length - self.length % LANES;
        for start in (0..tail).step_by(LANES) {
            let (x, y) = (self.x.lanes(start), self.y.lanes(start));
            for lane in 0..LANES {
                sums[lane] += (self.term)(x[lane], y[lane]);
            }
        }
        for i in tail..self.length {
            sums[i - tail] += (self.term)(self.x.at(i), self.y.at(i));
        }
        fold(sums)
    }
}

/// The products of K columns with one vector.
struct Dots<'a, T, const K: usize> {
    columns: [&'a [T]; K],
    v: &'a [f64],
}

impl<T: Real, const K: usize> WithSimd for Dots<'_, T, K> {
    type Output = [f64; K];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> [f64; K] {
        let n = self.v.len();
        let columns = self.columns.map(|column| &column[..n]);
        let mut sums = [[0.0; LANES]; K];
        let tail = n - n % LANES;
        for start in (0..tail).step_by(LANES) {
            let v = self.v.lanes(start);
            for k in 0..K {
                let x = columns[k].lanes(start);
                for lane in 0..LANES {
                    sums[k][lane] += x[lane] * v[lane];
                }
            }
        }
        for i in tail..n {
            for k in 0..K {
                sums[k][i - tail] += columns[k][i].to_f64() * self.v[i];
            }
        }
        sums.map(fold)
    }
}

/// `vᵢ += a wᵢ xᵢ`.
struct Add<'a, X, W> {
    a: f64,
    x: X,
    weights: W,
    v: &'a mut [f64],
}

impl<X: Entries, W: Entries> WithSimd for Add<'_, X, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (chunks, tail) = self.v.as_chunks_mut::<LANES>();
        let mut start = 0;
        for v in chunks {
            let (x, weights) = (self.x.lanes(start), self.weights.lanes(start));
            for lane in 0..LANES {
                v[lane] += self.a * weights[lane] * x[lane];
            }
            start += LANES;
        }
        for v in tail {
            *v += self.a * self.weights.at(start) * self.x.at(start);
            start += 1;
        }
    }
}

/// `vᵢ += Σ aₖ xᵢₖ`, one k after the other.
struct AddAll<'a, const K: usize> {
    a: [f64; K],
    columns: [&'a [f64]; K],
    v: &'a mut [f64],
}

impl<const K: usize> WithSimd for AddAll<'_, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let columns = self.columns.map(|column| &column[..self.v.len()]);
        let (chunks, tail) = self.v.as_chunks_mut::<LANES>();
        let mut start = 0;
        for v in chunks {
            for k in 0..K {
                let x = columns[k].lanes(start);
                for lane in 0..LANES {
                    v[lane] += self.a[k] * x[lane];
                }
            }
            start += LANES;
        }
        for (i, v) in tail.iter_mut().enumerate() {
            for k in 0..K {
                *v += self.a[k] * columns[k][start + i];
            }
        }
    }
}

/// `Σ xᵢ vᵢ`.
#[inline]
pub(crate) fn dot<T: Real>(x: &[T], v: &[f64]) -> f64 {
    let [sum] = dots([x], v);
    sum
}

/// The `dot` of several columns, each with the bits of its own.
#[inline]
pub(crate) fn dots<T: Real, const K: usize>(columns: [&[T]; K], v: &[f64]) -> [f64; K] {
    arch().dispatch(Dots { columns, v })
}

/// `vᵢ += a xᵢ`.
#[inline]
pub(crate) fn axpy<T: Real>(a: f64, x: &[T], v: &mut [f64]) {
    add(a, x, 1.0, v);
}

/// The `axpy` of several columns, with the same bits.
#[inline]
pub(crate) fn axpys<const K: usize>(a: [f64; K], columns: [&[f64]; K], v: &mut [f64]) {
    arch().dispatch(AddAll { a, columns, v });
}

/// `vᵢ += a wᵢ xᵢ`.
#[inline]
pub(crate) fn add<T: Real>(a: f64, x: &[T], weights: impl Entries, v: &mut [f64]) {
    arch().dispatch(Add { a, x, weights, v });
}

/// `Σ wᵢ xᵢ` and `Σ wᵢ xᵢ²`, in two passes: a column that is in cache costs less than lanes that are shared out.
#[inline]
pub(crate) fn moments<T: Real>(x: &[T], weights: impl Entries) -> [f64; 2] {
    let first = arch().dispatch(Sum { length: x.len(), x, y: weights, term: |x: f64, w: f64| w * x });
    [first, spread(x, 0.0, weights)]
}

/// `Σ wᵢ (xᵢ - centre)²`.
#[inline]
pub(crate) fn spread<T: Real>(x: &[T], centre: f64, weights: impl Entries) -> f64 {
    let term = |x: f64, w: f64| w * (x - centre) * (x - centre);
    arch().dispatch(Sum { length: x.len(), x, y: weights, term })
}

/// `Σ xᵢ`.
#[inline]
pub(crate) fn sum(x: &[f64]) -> f64 {
    arch().dispatch(Sum { length: x.len(), x, y: 1.0, term: |x: f64, _: f64| x })
}
