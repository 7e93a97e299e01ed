//! A quadratic program in the coordinates in which its Hessian is the identity.
//!
//! `H + ε I = Rᵀ R`, `w = R x`: minimize `½ ‖w + v‖²` with `v = R⁻ᵀ f` under limits of `M w`, where the rows of M are those
//! of `R⁻¹` and of `A R⁻¹`, scaled to length one. The rows of `R⁻¹`, the bounds of x, are triangular: they cost half.
//!
//! Reference: Arnström, Bemporad & Axehill, "A dual active-set solver for embedded quadratic programming using recursive LDLᵀ
//! updates", 2022, section II. Memory: N² + N M numbers and 4 (N + M) more. Setting up takes `N³/3 + M N²/2`
//! multiply-adds, a new f or new limits take N + M divisions.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};

use crate::constrained::{Active, QuadraticProgram};
use crate::linalg::slice::{add_four, add_scaled, product, products, tail, tail_mut};
use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::Problem;
use crate::real::Real;
use crate::step::ConfigError;

/// What a solver needs of a [`QuadraticProgram`], prepared once for `H` and `A`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct FactoredProgram<T: Real, const N: usize, const M: usize> {
    /// Column i: row i of `R⁻¹`, scaled, from entry i on.
    bounds: SMatrix<T, N, N>,
    /// Column i: row i of `A R⁻¹`, scaled.
    rows: SMatrix<T, N, M>,
    /// What the rows were divided by.
    bound_lengths: SVector<T, N>,
    row_lengths: SVector<T, M>,
    /// f.
    gradient: SVector<T, N>,
    /// The limits, scaled as the rows.
    lower: SVector<T, N>,
    upper: SVector<T, N>,
    row_lower: SVector<T, M>,
    row_upper: SVector<T, M>,
    /// ε.
    proximity: T,
    /// Whether the matrices are prepared and finite.
    finite: bool,
}

impl<T: Real, const N: usize, const M: usize> Problem for FactoredProgram<T, N, M> {
    type Error = Infallible;
}

impl<T: Real, const N: usize, const M: usize> QuadraticProgram<T, N, M> {
    /// Prepares the program for solving, with `H + proximity · I` in place of `H`.
    ///
    /// The proximity is zero for a positive definite `H`. Above zero, solvers apply the proximal point method, which ends at
    /// a solution of the program itself: `x ← argmin ½ xᵀHx + fᵀx + ½ ε ‖x - x_before‖²`. A larger one is better
    /// conditioned and takes more rounds; a thousandth of the largest entry of `H`, for a linear program the ratio of the sizes of
    /// f and x, are good.
    ///
    /// # Errors
    /// `NotPositive` for a proximity below zero or not finite, `Indefinite` if `H + proximity · I` is not positive definite
    /// beyond rounding, `Bounds` for limits that no number satisfies.
    pub fn factor(&self, proximity: T) -> Result<FactoredProgram<T, N, M>, ConfigError> {
        let mut factored = FactoredProgram::zero();
        factored.prepare(self, proximity)?;
        Ok(factored)
    }
}

impl<T: Real, const N: usize, const M: usize> FactoredProgram<T, N, M> {
    /// A place for a program, in a static or on the stack; until it is prepared, a solve stalls as `NonFinite`.
    #[must_use]
    pub const fn zero() -> Self {
        Self {
            bounds: linalg::zeros(),
            rows: linalg::zeros(),
            bound_lengths: linalg::zeros(),
            row_lengths: linalg::zeros(),
            gradient: linalg::zeros(),
            lower: linalg::zeros(),
            upper: linalg::zeros(),
            row_lower: linalg::zeros(),
            row_upper: linalg::zeros(),
            proximity: T::ZERO,
            finite: false,
        }
    }

    /// As [`QuadraticProgram::factor`], in place: the stack that it takes does not grow with the matrices.
    ///
    /// # Errors
    /// As `factor`; after one, a solve stalls as `NonFinite`.
    pub fn prepare(&mut self, program: &QuadraticProgram<T, N, M>, proximity: T) -> Result<(), ConfigError> {
        self.finite = false;
        if !(proximity >= T::ZERO && proximity.is_finite()) {
            return Err(ConfigError::NotPositive);
        }
        (self.gradient, self.proximity) = (program.gradient, proximity);
        self.bounds = program.hessian;
        for i in 0..N {
            columns_mut(&mut self.bounds)[i][i] += proximity;
        }
        if !linalg::cholesky(&mut self.bounds, T::of_usize(N) * T::EPSILON) {
            return Err(ConfigError::Indefinite);
        }
        invert_lower(&mut self.bounds);
        self.rows = linalg::zeros();
        for (i, (a, inverse)) in columns(&program.rows).iter().zip(columns(&self.bounds)).enumerate() {
            for (row, &a) in columns_mut(&mut self.rows).iter_mut().zip(a) {
                if a != T::ZERO {
                    add_scaled(tail_mut(row, i), a, tail(inverse, i));
                }
            }
        }
        let mut finite = true;
        let bounds = columns_mut(&mut self.bounds).iter_mut().zip(entries_mut(&mut self.bound_lengths));
        for (i, (row, length)) in bounds.enumerate() {
            *length = normalize(tail_mut(row, i));
            finite &= length.is_finite();
        }
        for (row, length) in columns_mut(&mut self.rows).iter_mut().zip(entries_mut(&mut self.row_lengths)) {
            *length = normalize(row);
            finite &= length.is_finite();
        }
        self.set_bounds(&program.lower, &program.upper)?;
        self.set_row_limits(&program.row_lower, &program.row_upper)?;
        self.finite = finite;
        Ok(())
    }

    /// Replaces f. A state that solved the program before goes on after its `restart`.
    pub const fn set_gradient(&mut self, gradient: &SVector<T, N>) {
        self.gradient = *gradient;
    }

    /// Replaces the bounds of x.
    ///
    /// # Errors
    /// `Bounds` for limits that no number satisfies; the old ones stay.
    pub fn set_bounds(&mut self, lower: &SVector<T, N>, upper: &SVector<T, N>) -> Result<(), ConfigError> {
        check(entries(lower), entries(upper))?;
        divide(&mut self.lower, lower, &self.bound_lengths);
        divide(&mut self.upper, upper, &self.bound_lengths);
        Ok(())
    }

    /// Replaces the limits of `A x`.
    ///
    /// # Errors
    /// As [`set_bounds`](Self::set_bounds).
    pub fn set_row_limits(&mut self, lower: &SVector<T, M>, upper: &SVector<T, M>) -> Result<(), ConfigError> {
        check(entries(lower), entries(upper))?;
        divide(&mut self.row_lower, lower, &self.row_lengths);
        divide(&mut self.row_upper, upper, &self.row_lengths);
        Ok(())
    }

    /// f.
    #[must_use]
    pub const fn gradient(&self) -> &SVector<T, N> {
        &self.gradient
    }

    /// ε.
    #[must_use]
    pub const fn proximity(&self) -> T {
        self.proximity
    }

    /// `R⁻ᵀ (f - ε x)`, written to `v`; `false` if it or the matrices are not finite.
    pub(super) fn shift(&self, x: &SVector<T, N>, v: &mut SVector<T, N>) -> bool {
        *v = linalg::zeros();
        let data = entries(&self.gradient).iter().zip(entries(x)).zip(entries(&self.bound_lengths));
        for (i, (row, ((&f, &x), &length))) in columns(&self.bounds).iter().zip(data).enumerate() {
            let f = if self.proximity > T::ZERO { f - self.proximity * x } else { f };
            add_scaled(tail_mut(entries_mut(v), i), f * length, tail(row, i));
        }
        self.finite && linalg::all_finite(v)
    }

    /// The normal of a constraint, and its first entry that is not zero by structure.
    fn normal(&self, constraint: u16) -> Option<(&[T; N], usize)> {
        let i = usize::from(constraint);
        if let Some(row) = columns(&self.bounds).get(i) {
            return Some((row, i));
        }
        columns(&self.rows).get(i.wrapping_sub(N)).map(|row| (row, 0))
    }

    /// The normals of up to four constraints, the first one repeated, and the first entry that is not zero in all.
    fn four(&self, active: &[Active]) -> Option<([&[T; N]; 4], usize)> {
        let (first, mut start) = self.normal(active.first()?.constraint)?;
        let mut rows = [first; 4];
        for (row, active) in rows.iter_mut().zip(active).skip(1) {
            let (normal, first) = self.normal(active.constraint)?;
            *row = normal;
            start = start.min(first);
        }
        Some((rows, start))
    }

    /// `M_W w`, written to `values`, for a w that is zero before entry `first`.
    pub(super) fn multiply(&self, active: &[Active], w: &[T; N], first: usize, values: &mut [T; N]) {
        let values = values.get_mut(..active.len()).unwrap_or_default();
        let (fours, rest) = active.as_chunks::<4>();
        let (value_fours, value_rest) = values.as_chunks_mut::<4>();
        for (active, values) in fours.iter().zip(value_fours) {
            self.multiply_four(active, w, first, values);
        }
        self.multiply_four(rest, w, first, value_rest);
    }

    /// As [`multiply`](Self::multiply) for up to four.
    fn multiply_four(&self, active: &[Active], w: &[T; N], first: usize, values: &mut [T]) {
        let Some((rows, start)) = self.four(active) else { return };
        for (value, product) in values.iter_mut().zip(products(rows, w, start.max(first))) {
            *value = product;
        }
    }

    /// Adds `sign · M_Wᵀ λ` to w.
    pub(super) fn combine(&self, active: &[Active], multipliers: &[T], sign: T, w: &mut [T; N]) {
        let (fours, rest) = active.as_chunks::<4>();
        let (multiplier_fours, multiplier_rest) = multipliers.as_chunks::<4>();
        for (active, multipliers) in fours.iter().zip(multiplier_fours) {
            self.combine_four(active, multipliers, sign, w);
        }
        self.combine_four(rest, multiplier_rest, sign, w);
    }

    /// As [`combine`](Self::combine) for up to four.
    fn combine_four(&self, active: &[Active], multipliers: &[T], sign: T, w: &mut [T; N]) {
        let Some((rows, start)) = self.four(active) else { return };
        let mut factors = [T::ZERO; 4];
        for (factor, &multiplier) in factors.iter_mut().zip(multipliers) {
            *factor = sign * multiplier;
        }
        add_four(w, factors, rows, start);
    }

    /// Copies the normal of a constraint; returns its first entry that is not zero by structure.
    pub(super) fn copy_normal(&self, constraint: u16, to: &mut [T; N]) -> usize {
        let Some((row, first)) = self.normal(constraint) else { return 0 };
        *to = *row;
        first
    }

    /// All of them, bounds first.
    pub(super) fn constraints(&self) -> impl Iterator<Item = u16> + use<T, N, M> {
        (0..u16::MAX).take(N + M)
    }

    /// The value of a constraint at w, scaled.
    pub(super) fn value(&self, constraint: u16, w: &[T; N]) -> T {
        self.normal(constraint).map_or(T::ZERO, |(row, _)| product(row, w))
    }

    /// The values of all constraints at w, scaled: those of x, those of the rows.
    pub(super) fn values(&self, w: &[T; N], x: &mut [T; N], rows: &mut [T; M]) {
        multiply_all(columns(&self.bounds), w, x, 4);
        multiply_all(columns(&self.rows), w, rows, 0);
    }

    /// All limits: lower and upper of x, lower and upper of the rows.
    pub(super) const fn all_limits(&self) -> [(&[T], &[T]); 2] {
        [(entries(&self.lower), entries(&self.upper)), (entries(&self.row_lower), entries(&self.row_upper))]
    }

    /// x from the values of its bounds; whether it is finite, as all its products with zero are then zero.
    pub(super) fn unscale_point(&self, values: &[T; N], x: &mut [T; N]) -> bool {
        let mut zero = T::ZERO;
        for ((x, &value), &length) in x.iter_mut().zip(values).zip(entries(&self.bound_lengths)) {
            *x = value * length;
            zero += T::ZERO * *x;
        }
        zero == T::ZERO
    }

    /// The scaled lower and upper limit of a constraint, and what scales them.
    pub(super) fn limits(&self, constraint: u16) -> (T, T, T) {
        let i = usize::from(constraint);
        let of = |lower: &[T], upper: &[T], lengths: &[T], i: usize| {
            Some((*lower.get(i)?, *upper.get(i)?, *lengths.get(i)?))
        };
        of(entries(&self.lower), entries(&self.upper), entries(&self.bound_lengths), i)
            .or_else(|| {
                let i = i.wrapping_sub(N);
                of(entries(&self.row_lower), entries(&self.row_upper), entries(&self.row_lengths), i)
            })
            .unwrap_or((-T::INFINITY, T::INFINITY, T::ONE))
    }

    /// The scaled limit at which a constraint is active.
    pub(super) fn limit(&self, active: Active) -> T {
        let (lower, upper, _) = self.limits(active.constraint);
        if active.upper { upper } else { lower }
    }

    /// The multipliers of a constraint in the program's own scale, to its place in `z` or `y`.
    pub(super) fn unscale(&self, constraint: u16, multiplier: T, z: &mut SVector<T, N>, y: &mut SVector<T, M>) {
        let (.., length) = self.limits(constraint);
        let i = usize::from(constraint);
        let place = match entries_mut(z).get_mut(i) {
            Some(place) => Some(place),
            None => entries_mut(y).get_mut(i.wrapping_sub(N)),
        };
        if let Some(place) = place {
            *place = multiplier / length;
        }
    }
}

/// The products of w with K vectors, of which each four are zero before entry `indent` more.
fn multiply_all<T: Real, const N: usize, const K: usize>(
    rows: &[[T; N]; K],
    w: &[T; N],
    values: &mut [T; K],
    indent: usize,
) {
    let ((fours, rest), (values, last)) = (rows.as_chunks::<4>(), values.as_chunks_mut::<4>());
    let mut start = 0;
    for ([a, b, c, d], values) in fours.iter().zip(values) {
        *values = products([a, b, c, d], w, start);
        start += indent;
    }
    for (row, value) in rest.iter().zip(last) {
        *value = product(tail(row, start), tail(w, start));
    }
}

/// Limits are numbers, and some number lies between them.
fn check<T: Real>(lower: &[T], upper: &[T]) -> Result<(), ConfigError> {
    let holds = |(&lower, &upper): (&T, &T)| lower <= upper && lower < T::INFINITY && upper > -T::INFINITY;
    if lower.iter().zip(upper).all(holds) { Ok(()) } else { Err(ConfigError::Bounds) }
}

fn divide<T: Real, const K: usize>(to: &mut SVector<T, K>, a: &SVector<T, K>, lengths: &SVector<T, K>) {
    for ((to, &a), &length) in entries_mut(to).iter_mut().zip(entries(a)).zip(entries(lengths)) {
        *to = a / length;
    }
}

/// Divides by the length and returns it; what is zero stays, with length one.
fn normalize<T: Real>(row: &mut [T]) -> T {
    let length = product(row, row).sqrt();
    if length == T::ZERO {
        return T::ONE;
    }
    let inverse = T::ONE / length;
    for entry in row {
        *entry *= inverse;
    }
    length
}

/// The inverse of a lower triangular matrix, in place, by columns: column j needs those from j on.
fn invert_lower<T: Real, const N: usize>(l: &mut SMatrix<T, N, N>) {
    let l = columns_mut(l);
    for j in 0..N {
        let mut y = [T::ZERO; N];
        y[j] = T::ONE;
        for k in j..N {
            let pivot = y[k] / l[k][k];
            y[k] = pivot;
            add_scaled(tail_mut(&mut y, k + 1), -pivot, tail(&l[k], k + 1));
        }
        l[j] = y;
    }
}
