//! Kernels over slices of equal length, four entries at a time: contiguous loads, and lanes for vector units.

use crate::real::Real;

/// The scalar product: four partial sums over every fourth entry, added in pairs, then the rest in order.
#[inline]
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
#[inline]
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

/// Four scalar products with one vector, of slices of one length: a register for each sum, a load of w for all.
#[inline]
pub(crate) fn products<T: Real>([a, b, c, d]: [&[T]; 4], w: &[T]) -> [T; 4] {
    let [mut s0, mut s1, mut s2, mut s3] = [T::ZERO; 4];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let ((c, c_rest), (d, d_rest)) = (c.as_chunks::<4>(), d.as_chunks::<4>());
    let (w, w_rest) = w.as_chunks::<4>();
    for ((((w, a), b), c), d) in w.iter().zip(a).zip(b).zip(c).zip(d) {
        s0 = s0 + a[0] * w[0] + a[1] * w[1] + a[2] * w[2] + a[3] * w[3];
        s1 = s1 + b[0] * w[0] + b[1] * w[1] + b[2] * w[2] + b[3] * w[3];
        s2 = s2 + c[0] * w[0] + c[1] * w[1] + c[2] * w[2] + c[3] * w[3];
        s3 = s3 + d[0] * w[0] + d[1] * w[1] + d[2] * w[2] + d[3] * w[3];
    }
    for ((((&w, &a), &b), &c), &d) in w_rest.iter().zip(a_rest).zip(b_rest).zip(c_rest).zip(d_rest) {
        s0 += a * w;
        s1 += b * w;
        s2 += c * w;
        s3 += d * w;
    }
    [s0, s1, s2, s3]
}

/// w and four scaled vectors, of slices of one length, added in order.
#[inline]
pub(crate) fn add_four<T: Real>(w: &mut [T], factors: [T; 4], [a, b, c, d]: [&[T]; 4]) {
    let [f, g, h, k] = factors;
    for ((((w, &a), &b), &c), &d) in w.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *w = *w + f * a + g * b + h * c + k * d;
    }
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
