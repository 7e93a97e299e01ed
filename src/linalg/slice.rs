//! Kernels over slices of equal length, four entries at a time: contiguous loads, and lanes for vector units.

use crate::real::Real;

/// The scalar product: four partial sums over every fourth entry, added in pairs, then the rest in order.
pub(crate) fn product<T: Real>(a: &[T], b: &[T]) -> T {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let [mut s0, mut s1, mut s2, mut s3] = [T::ZERO; 4];
    for (a, b) in a.iter().zip(b) {
        s0 += a[0] * b[0];
        s1 += a[1] * b[1];
        s2 += a[2] * b[2];
        s3 += a[3] * b[3];
    }
    a_rest.iter().zip(b_rest).fold((s0 + s1) + (s2 + s3), |sum, (&a, &b)| sum + a * b)
}

/// `y + factor · x` in place.
pub(crate) fn add_scaled<T: Real>(y: &mut [T], factor: T, x: &[T]) {
    let ((y, y_rest), (x, x_rest)) = (y.as_chunks_mut::<4>(), x.as_chunks::<4>());
    for (y, x) in y.iter_mut().zip(x) {
        y[0] += factor * x[0];
        y[1] += factor * x[1];
        y[2] += factor * x[2];
        y[3] += factor * x[3];
    }
    for (y, &x) in y_rest.iter_mut().zip(x_rest) {
        *y += factor * x;
    }
}

/// Four scalar products with one vector: a register for each sum, a load of w for all. What is zero before entry `start`
/// is left out as far as whole fours go.
pub(crate) fn products<T: Real, const N: usize>([a, b, c, d]: [&[T; N]; 4], w: &[T; N], start: usize) -> [T; 4] {
    let [mut s0, mut s1, mut s2, mut s3] = [T::ZERO; 4];
    let mut add = |w: T, a: T, b: T, c: T, d: T| {
        s0 += a * w;
        s1 += b * w;
        s2 += c * w;
        s3 += d * w;
    };
    let w_a = fours(w, start).iter().zip(fours(a, start));
    for ((((w, a), b), c), d) in w_a.zip(fours(b, start)).zip(fours(c, start)).zip(fours(d, start)) {
        add(w[0], a[0], b[0], c[0], d[0]);
        add(w[1], a[1], b[1], c[1], d[1]);
        add(w[2], a[2], b[2], c[2], d[2]);
        add(w[3], a[3], b[3], c[3], d[3]);
    }
    for j in N / 4 * 4..N {
        add(w[j], a[j], b[j], c[j], d[j]);
    }
    [s0, s1, s2, s3]
}

/// w and four scaled vectors added, in order; `start` as for [`products`].
pub(crate) fn add_four<T: Real, const N: usize>(
    w: &mut [T; N],
    [f, g, h, k]: [T; 4],
    [a, b, c, d]: [&[T; N]; 4],
    start: usize,
) {
    let add = |w: &mut T, a: T, b: T, c: T, d: T| *w = *w + f * a + g * b + h * c + k * d;
    let w_a = tail_mut(w.as_chunks_mut::<4>().0, start / 4).iter_mut().zip(fours(a, start));
    for ((((w, a), b), c), d) in w_a.zip(fours(b, start)).zip(fours(c, start)).zip(fours(d, start)) {
        add(&mut w[0], a[0], b[0], c[0], d[0]);
        add(&mut w[1], a[1], b[1], c[1], d[1]);
        add(&mut w[2], a[2], b[2], c[2], d[2]);
        add(&mut w[3], a[3], b[3], c[3], d[3]);
    }
    for j in N / 4 * 4..N {
        add(&mut w[j], a[j], b[j], c[j], d[j]);
    }
}

/// The whole fours from the one on that holds entry `start`.
#[inline(always)]
fn fours<T, const N: usize>(a: &[T; N], start: usize) -> &[[T; 4]] {
    tail(a.as_chunks::<4>().0, start / 4)
}

/// The first `count` entries.
#[inline(always)]
pub(crate) fn head<T>(a: &[T], count: usize) -> &[T] {
    a.get(..count).unwrap_or(a)
}

/// The entries from `start` on.
#[inline(always)]
pub(crate) fn tail<T>(a: &[T], start: usize) -> &[T] {
    a.get(start..).unwrap_or(&[])
}

/// As [`tail`], to write.
#[inline(always)]
pub(crate) fn tail_mut<T>(a: &mut [T], start: usize) -> &mut [T] {
    a.get_mut(start..).unwrap_or(&mut [])
}

/// The largest magnitude.
pub(crate) fn largest<T: Real>(a: &[T]) -> T {
    a.iter().fold(T::ZERO, |m, &a| if a.abs() > m { a.abs() } else { m })
}
