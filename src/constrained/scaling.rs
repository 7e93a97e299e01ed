//! The scaling of Nesterov and Todd for a product of nonnegative numbers and second-order cones, and their Jordan algebra.
//!
//! The scaling W of s and z is the symmetric matrix with `W z = W⁻¹ s`. It is `√(s/z)` for a number. For a cone, with
//! `det u = uₖ² - ‖u‖²` (the norm without uₖ), `ŝ` and `ẑ` divided by the roots of their determinants and J the reflection
//! that keeps only the sign of the last entry: `W = η [1 + w wᵀ/(1 + wₖ), w; wᵀ, wₖ]`, `w = (ŝ + J ẑ)/√(2 + 2 ŝᵀẑ)`,
//! `η = (det s/det z)^¼`; the inverse has -w and 1/η.
//!
//! Reference: Vandenberghe, "The CVXOPT linear and quadratic cone program solvers", 2010, §4.1 and 8.

use crate::linalg::{dot_of, norm_of};
use crate::real::Real;

/// The linear entries and the cones of a vector.
pub(super) fn split<T, const M: usize, const C: usize, const K: usize>(v: &[T; M]) -> (&[T], &[[T; K]]) {
    const { assert!(C * K <= M, "more rows in cones than there are") };
    const { assert!(K > 0, "a cone has at least one row") };
    let (linear, cones) = v.split_at_checked(const { M.saturating_sub(C * K) }).unwrap_or((v, &[]));
    (linear, cones.as_chunks::<K>().0)
}

/// As [`split`], to write.
pub(super) fn split_mut<T, const M: usize, const C: usize, const K: usize>(
    v: &mut [T; M],
) -> (&mut [T], &mut [[T; K]]) {
    const { assert!(C * K <= M, "more rows in cones than there are") };
    match v.split_at_mut_checked(const { M.saturating_sub(C * K) }) {
        Some((linear, cones)) => (linear, cones.as_chunks_mut::<K>().0),
        None => (&mut [], &mut []),
    }
}

/// The last entry and those before it.
fn parts<T: Real, const K: usize>(u: &[T; K]) -> (T, &[T]) {
    u.split_last().map_or((T::ZERO, &[]), |(&last, rest)| (last, rest))
}

/// The entry of a cone that bounds the norm, less the norm.
pub(super) fn margin<T: Real, const K: usize>(u: &[T; K]) -> T {
    let (last, rest) = parts(u);
    last - norm_of(rest)
}

/// `√det u`, zero outside of the interior.
fn root<T: Real, const K: usize>(u: &[T; K]) -> T {
    let (last, rest) = parts(u);
    let norm = norm_of(rest);
    if last > norm { (last - norm).sqrt() * (last + norm).sqrt() } else { T::ZERO }
}

/// Adds `factor · e`: one for a number, the last unit vector for a cone.
pub(super) fn add_identity<T: Real, const M: usize, const C: usize, const K: usize>(v: &mut [T; M], factor: T) {
    let (linear, cones) = split_mut::<T, M, C, K>(v);
    linear.iter_mut().for_each(|v| *v += factor);
    cones.iter_mut().filter_map(|cone| cone.last_mut()).for_each(|v| *v += factor);
}

/// `u ∘ v`: products of numbers; `(uₖ v + vₖ u, uᵀv)` in a cone.
pub(super) fn product<T: Real, const M: usize, const C: usize, const K: usize>(u: &[T; M], v: &[T; M]) -> [T; M] {
    let mut product = [T::ZERO; M];
    let (linear, cones) = split_mut::<T, M, C, K>(&mut product);
    let ((u_linear, u_cones), (v_linear, v_cones)) = (split::<T, M, C, K>(u), split::<T, M, C, K>(v));
    for (p, (&u, &v)) in linear.iter_mut().zip(u_linear.iter().zip(v_linear)) {
        *p = u * v;
    }
    for (p, (u, v)) in cones.iter_mut().zip(u_cones.iter().zip(v_cones)) {
        let ((u_last, _), (v_last, _)) = (parts(u), parts(v));
        for (p, (&u, &v)) in p.iter_mut().zip(u.iter().zip(v)) {
            *p = u_last * v + v_last * u;
        }
        if let Some(last) = p.last_mut() {
            *last = dot_of(u, v);
        }
    }
    product
}

/// Overwrites b with the u for which `λ ∘ u = b`.
pub(super) fn divide<T: Real, const M: usize, const C: usize, const K: usize>(lambda: &[T; M], b: &mut [T; M]) {
    let (l_linear, l_cones) = split::<T, M, C, K>(lambda);
    let (linear, cones) = split_mut::<T, M, C, K>(b);
    for (b, &l) in linear.iter_mut().zip(l_linear) {
        *b /= l;
    }
    for (b, l) in cones.iter_mut().zip(l_cones) {
        let ((l_last, l_rest), (b_last, b_rest)) = (parts(l), parts(b));
        let det = root(l).squared();
        let last = (l_last * b_last - dot_of(l_rest, b_rest)) / det;
        for (b, &l) in b.iter_mut().zip(l) {
            *b = (*b - last * l) / l_last;
        }
        if let Some(b) = b.last_mut() {
            *b = last;
        }
    }
}

/// The largest rate with `λ + rate · d` in the cones; infinite if there is none.
pub(super) fn reach<T: Real, const M: usize, const C: usize, const K: usize>(lambda: &[T; M], d: &[T; M]) -> T {
    let ((l_linear, l_cones), (d_linear, d_cones)) = (split::<T, M, C, K>(lambda), split::<T, M, C, K>(d));
    // The speed of the smallest eigenvalue of d where λ is scaled to e.
    let mut speed = T::ZERO;
    for (&l, &d) in l_linear.iter().zip(d_linear) {
        speed = speed.max(-d / l);
    }
    for (l, d) in l_cones.iter().zip(d_cones) {
        let root = root(l);
        let ((l_last, l_rest), (d_last, d_rest)) = (parts(l), parts(d));
        let last = (l_last * d_last - dot_of(l_rest, d_rest)) / root;
        let share = (last + d_last) / (l_last + root);
        let mut rest = *d;
        for (rest, &l) in rest.iter_mut().zip(l) {
            *rest -= share * l;
        }
        speed = speed.max((norm_of(parts(&rest).1) - last) / root);
    }
    if speed > T::ZERO { T::ONE / speed } else { T::INFINITY }
}

/// Raises the last entries of cones to what rounding leaves distinct from the boundary.
pub(super) fn lift<T: Real, const M: usize, const C: usize, const K: usize>(v: &mut [T; M]) {
    for cone in split_mut::<T, M, C, K>(v).1 {
        if let Some((last, rest)) = cone.split_last_mut() {
            *last = last.max(norm_of(rest) * (T::ONE + T::of_f64(4.0) * T::EPSILON));
        }
    }
}

/// W.
pub(super) struct Scaling<T, const M: usize, const C: usize, const K: usize> {
    /// `√(s/z)` of the numbers, w of the cones.
    w: [T; M],
    /// η.
    factors: [T; C],
}

impl<T: Real, const M: usize, const C: usize, const K: usize> Scaling<T, M, C, K> {
    /// `None` if s or z is not in the interior.
    pub(super) fn new(s: &[T; M], z: &[T; M]) -> Option<Self> {
        let mut scaling = Self { w: [T::ZERO; M], factors: [T::ZERO; C] };
        let (linear, cones) = split_mut::<T, M, C, K>(&mut scaling.w);
        let ((s_linear, s_cones), (z_linear, z_cones)) = (split::<T, M, C, K>(s), split::<T, M, C, K>(z));
        let mut inside = true;
        for (w, (&s, &z)) in linear.iter_mut().zip(s_linear.iter().zip(z_linear)) {
            *w = s.sqrt() / z.sqrt();
            inside &= s > T::ZERO && z > T::ZERO && w.is_finite() && *w > T::ZERO;
        }
        for ((w, factor), (s, z)) in cones.iter_mut().zip(&mut scaling.factors).zip(s_cones.iter().zip(z_cones)) {
            let (s_root, z_root) = (root(s), root(z));
            let twice = (T::TWO * (T::ONE + dot_of(s, z) / s_root / z_root)).sqrt();
            for (w, (&s, &z)) in w.iter_mut().zip(s.iter().zip(z)) {
                *w = (s / s_root - z / z_root) / twice;
            }
            if let Some((last, rest)) = w.split_last_mut() {
                // det w = 1, whatever rounding did.
                *last = norm_of(rest).hypot(T::ONE);
                inside &= last.is_finite();
            }
            *factor = (s_root / z_root).sqrt();
            inside &= s_root > T::ZERO && z_root > T::ZERO && factor.is_finite() && *factor > T::ZERO;
        }
        inside.then_some(scaling)
    }

    /// `W v` in place.
    pub(super) fn stretch(&self, v: &mut [T; M]) {
        let (w_linear, w_cones) = split::<T, M, C, K>(&self.w);
        let (linear, cones) = split_mut::<T, M, C, K>(v);
        for (v, &w) in linear.iter_mut().zip(w_linear) {
            *v *= w;
        }
        for (v, (w, &factor)) in cones.iter_mut().zip(w_cones.iter().zip(&self.factors)) {
            transform(v, w, T::ONE, factor);
        }
    }

    /// `W⁻¹ v` in place.
    pub(super) fn shrink(&self, v: &mut [T; M]) {
        let (w_linear, w_cones) = split::<T, M, C, K>(&self.w);
        let (linear, cones) = split_mut::<T, M, C, K>(v);
        for (v, &w) in linear.iter_mut().zip(w_linear) {
            *v /= w;
        }
        for (v, (w, &factor)) in cones.iter_mut().zip(w_cones.iter().zip(&self.factors)) {
            transform(v, w, -T::ONE, T::ONE / factor);
        }
    }
}

/// `factor · [1 + w wᵀ/(1 + wₖ), sign · w; sign · wᵀ, wₖ] v` in place.
fn transform<T: Real, const K: usize>(v: &mut [T; K], w: &[T; K], sign: T, factor: T) {
    let ((w_last, w_rest), (v_last, v_rest)) = (parts(w), parts(v));
    let along = dot_of(w_rest, v_rest);
    let share = sign * v_last + along / (T::ONE + w_last);
    for (v, &w) in v.iter_mut().zip(w) {
        *v = factor * (*v + share * w);
    }
    if let Some(last) = v.last_mut() {
        *last = factor * (w_last * v_last + sign * along);
    }
}
