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

/// Four scalar products with one vector, from entry `start` on: a register for each sum, a load of w for all.
#[expect(clippy::type_complexity, reason = "the item of a zip of five")]
pub(crate) fn products<T: Real, const N: usize>(rows: [&[T; N]; 4], w: &[T; N], start: usize) -> [T; 4] {
    let [mut s0, mut s1, mut s2, mut s3] = [T::ZERO; 4];
    let mut add = |((((&w, &a), &b), &c), &d): ((((&T, &T), &T), &T), &T)| {
        s0 += a * w;
        s1 += b * w;
        s2 += c * w;
        s3 += d * w;
    };
    let [a, b, c, d] = rows.map(|row| tail(row, start).as_chunks::<4>());
    let w = tail(w, start).as_chunks::<4>();
    for ((((w, a), b), c), d) in w.0.iter().zip(a.0).zip(b.0).zip(c.0).zip(d.0) {
        w.iter().zip(a).zip(b).zip(c).zip(d).for_each(&mut add);
    }
    w.1.iter().zip(a.1).zip(b.1).zip(c.1).zip(d.1).for_each(add);
    [s0, s1, s2, s3]
}

/// w and four scaled vectors added, in order, from entry `start` on.
#[expect(clippy::type_complexity, reason = "the item of a zip of five")]
pub(crate) fn add_four<T: Real, const N: usize>(
    w: &mut [T; N],
    [f, g, h, k]: [T; 4],
    rows: [&[T; N]; 4],
    start: usize,
) {
    let add = |((((w, &a), &b), &c), &d): ((((&mut T, &T), &T), &T), &T)| {
        *w = *w + f * a + g * b + h * c + k * d;
    };
    let [a, b, c, d] = rows.map(|row| tail(row, start).as_chunks::<4>());
    let w = tail_mut(w, start).as_chunks_mut::<4>();
    for ((((w, a), b), c), d) in w.0.iter_mut().zip(a.0).zip(b.0).zip(c.0).zip(d.0) {
        w.iter_mut().zip(a).zip(b).zip(c).zip(d).for_each(add);
    }
    w.1.iter_mut().zip(a.1).zip(b.1).zip(c.1).zip(d.1).for_each(add);
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
