//! Forward-mode automatic differentiation by dual numbers.
//!
//! A number `v + g·ε` with `ε² = 0` carries a value and N derivatives through every operation, exactly (Griewank &
//! Walther, Evaluating Derivatives, §3.1). Dual numbers over dual numbers give Hessian-vector products.

use core::ops::{Add, Div, Mul, Neg, Sub};

use nalgebra::{SMatrix, SVector};

use crate::linalg::{columns_mut, entries, entries_mut};
use crate::problem::{LeastSquares, Objective, Problem, Rows, Separable, Smooth, VectorRows};
use crate::real::{Number, Real, power};

/// A value and its derivatives with respect to `N` variables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual<D, const N: usize> {
    /// The value.
    pub value: D,
    /// The derivatives.
    pub gradient: [D; N],
}

impl<D: Number, const N: usize> Dual<D, N> {
    /// Variable number `j` of `N`, at a value.
    pub fn variable(value: D, j: usize) -> Self {
        Self { value, gradient: core::array::from_fn(|k| D::of(if j == k { 1.0 } else { 0.0 })) }
    }

    /// The chain rule: a function value and its derivative applied to this number.
    fn chain(self, value: D, slope: D) -> Self {
        Self { value, gradient: self.gradient.map(|g| slope * g) }
    }

    fn zip(self, other: Self, value: D, f: impl Fn(D, D) -> D) -> Self {
        let mut gradient = self.gradient;
        for (a, b) in gradient.iter_mut().zip(other.gradient) {
            *a = f(*a, b);
        }
        Self { value, gradient }
    }
}

impl<D: Number, const N: usize> Neg for Dual<D, N> {
    type Output = Self;
    fn neg(self) -> Self {
        Self { value: -self.value, gradient: self.gradient.map(|g| -g) }
    }
}

impl<D: Number, const N: usize> Add for Dual<D, N> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip(other, self.value + other.value, |a, b| a + b)
    }
}

impl<D: Number, const N: usize> Sub for Dual<D, N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip(other, self.value - other.value, |a, b| a - b)
    }
}

#[allow(clippy::suspicious_arithmetic_impl, reason = "the product rule adds")]
impl<D: Number, const N: usize> Mul for Dual<D, N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.zip(other, self.value * other.value, |a, b| a * other.value + self.value * b)
    }
}

#[allow(clippy::suspicious_arithmetic_impl, reason = "the quotient rule subtracts")]
impl<D: Number, const N: usize> Div for Dual<D, N> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        self.zip(other, value, |a, b| (a - value * b) / other.value)
    }
}

impl<D: Number, const N: usize> Number for Dual<D, N> {
    type Scalar = D::Scalar;

    fn constant(value: D::Scalar) -> Self {
        let zero = D::of(0.0);
        Self { value: D::constant(value), gradient: [zero; N] }
    }
    fn real(self) -> D::Scalar {
        self.value.real()
    }
    fn scale(self, factor: D::Scalar) -> Self {
        Self { value: self.value.scale(factor), gradient: self.gradient.map(|g| g.scale(factor)) }
    }
    fn offset(self, shift: D::Scalar) -> Self {
        Self { value: self.value.offset(shift), ..self }
    }

    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, D::of(0.5) / root)
    }
    fn exp(self) -> Self {
        let value = self.value.exp();
        self.chain(value, value)
    }
    fn exp_m1(self) -> Self {
        self.chain(self.value.exp_m1(), self.value.exp())
    }
    fn ln(self) -> Self {
        self.chain(self.value.ln(), D::of(1.0) / self.value)
    }
    fn ln_1p(self) -> Self {
        self.chain(self.value.ln_1p(), D::of(1.0) / (D::of(1.0) + self.value))
    }
    fn sin(self) -> Self {
        self.chain(self.value.sin(), self.value.cos())
    }
    fn cos(self) -> Self {
        self.chain(self.value.cos(), -self.value.sin())
    }
    fn tan(self) -> Self {
        let value = self.value.tan();
        self.chain(value, D::of(1.0) + value * value)
    }
    fn asin(self) -> Self {
        self.chain(self.value.asin(), D::of(1.0) / (D::of(1.0) - self.value * self.value).sqrt())
    }
    fn acos(self) -> Self {
        self.chain(self.value.acos(), D::of(-1.0) / (D::of(1.0) - self.value * self.value).sqrt())
    }
    fn atan(self) -> Self {
        self.chain(self.value.atan(), D::of(1.0) / (D::of(1.0) + self.value * self.value))
    }
    fn atan2(self, x: Self) -> Self {
        let squared = self.value * self.value + x.value * x.value;
        self.zip(x, self.value.atan2(x.value), |dy, dx| (x.value * dy - self.value * dx) / squared)
    }
    fn sinh(self) -> Self {
        self.chain(self.value.sinh(), self.value.cosh())
    }
    fn cosh(self) -> Self {
        self.chain(self.value.cosh(), self.value.sinh())
    }
    fn tanh(self) -> Self {
        let value = self.value.tanh();
        self.chain(value, D::of(1.0) - value * value)
    }
    fn abs(self) -> Self {
        if self.real() < <D::Scalar as Real>::ZERO { -self } else { self }
    }
    fn powi(self, exponent: i32) -> Self {
        if exponent == 0 {
            return Self::of(1.0);
        }
        let below = power(self.value, exponent.saturating_sub(1));
        self.chain(power(self.value, exponent), below.scale(<D::Scalar as Real>::of_f64(f64::from(exponent))))
    }
    fn powf(self, exponent: Self) -> Self {
        let value = self.value.powf(exponent.value);
        let by_base = exponent.value * self.value.powf(exponent.value - D::of(1.0));
        let by_exponent = value * self.value.ln();
        // A constant exponent must not meet ln of a base that is not positive.
        self.zip(exponent, value, |a, b| if b == D::of(0.0) { by_base * a } else { by_base * a + by_exponent * b })
    }
}

/// A function of `N` variables, written once over any [`Number`].
pub trait Function<T: Real, const N: usize> {
    /// The value at `x`.
    fn value<D: Number<Scalar = T>>(&self, x: &[D; N]) -> D;
}

/// Residuals over any number of samples, written once over any [`Number`].
pub trait Model<T: Real, const N: usize> {
    /// The number of samples.
    fn rows(&self) -> usize;
    /// The residual of sample `i` at `x`.
    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> D;
}

/// Samples of `K` residuals each, written once over any [`Number`].
pub trait VectorModel<T: Real, const K: usize, const N: usize> {
    /// The number of samples.
    fn rows(&self) -> usize;
    /// The residuals of sample `i` at `x`.
    fn residuals<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> [D; K];
}

/// A model that is linear in `L` coefficients, its basis functions written once over any [`Number`].
pub trait SeparableModel<T: Real, const L: usize, const N: usize> {
    /// The number of samples.
    fn rows(&self) -> usize;
    /// The reading that sample `i` is fitted to.
    fn reading(&self, i: usize) -> T;
    /// The basis functions of sample `i` at the other parameters.
    fn basis<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> [D; L];
}

/// `M` residuals of `N` variables at once, written once over any [`Number`].
pub trait Equations<T: Real, const M: usize, const N: usize> {
    /// The residuals at `x`.
    fn residuals<D: Number<Scalar = T>>(&self, x: &[D; N]) -> [D; M];
}

/// The oracle of a [`Function`], a [`Model`], a [`VectorModel`], a [`SeparableModel`] or [`Equations`], with exact derivatives.
///
/// ```
/// use thalweg::{Number, problem::{Forward, Function, Smooth}};
/// use nalgebra::{vector, Vector2};
/// struct Product;
/// impl Function<f64, 2> for Product {
///     fn value<D: Number<Scalar = f64>>(&self, x: &[D; 2]) -> D { x[0] * x[1].exp() }
/// }
/// let mut g = Vector2::zeros();
/// Forward(Product).gradient(&vector![3.0, 0.0], &mut g).unwrap();
/// assert_eq!(g, vector![1.0, 3.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forward<F>(pub F);

/// The variables at `x`.
pub(crate) fn variables<T: Real, const N: usize>(x: &SVector<T, N>) -> [Dual<T, N>; N] {
    let x = entries(x);
    core::array::from_fn(|j| Dual::variable(x[j], j))
}

impl<F> Problem for Forward<F> {
    type Error = core::convert::Infallible;
}

impl<T: Real, const N: usize, F: Function<T, N>> Objective<T, N> for Forward<F> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Self::Error> {
        Ok(self.0.value(entries(x)))
    }
}

impl<T: Real, const N: usize, F: Function<T, N>> Smooth<T, N> for Forward<F> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        let value = self.0.value(&variables(x));
        *g = SVector::from(value.gradient);
        Ok(value.value)
    }
}

impl<T: Real, const N: usize, M: Model<T, N>> Rows<T, N> for Forward<M> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        let residual = self.0.residual(i, &variables(x));
        *g = SVector::from(residual.gradient);
        Ok(residual.value)
    }
}

impl<T: Real, const K: usize, const N: usize, M: VectorModel<T, K, N>> VectorRows<T, K, N> for Forward<M> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn row(
        &mut self,
        i: usize,
        x: &SVector<T, N>,
        r: &mut SVector<T, K>,
        g: &mut [SVector<T, N>; K],
    ) -> Result<(), Self::Error> {
        let residuals = self.0.residuals(i, &variables(x));
        for ((r, g), dual) in entries_mut(r).iter_mut().zip(g).zip(residuals) {
            *r = dual.value;
            *g = SVector::from(dual.gradient);
        }
        Ok(())
    }
}

impl<T: Real, const M: usize, const N: usize, F: Equations<T, M, N>> LeastSquares<T, M, N> for Forward<F> {
    fn residuals(&mut self, x: &SVector<T, N>, r: &mut SVector<T, M>) -> Result<(), Self::Error> {
        *r = SVector::from(self.0.residuals(entries(x)));
        Ok(())
    }

    fn linearize(
        &mut self,
        x: &SVector<T, N>,
        r: &mut SVector<T, M>,
        j: &mut SMatrix<T, M, N>,
    ) -> Result<(), Self::Error> {
        take_apart(self.0.residuals(&variables(x)), r, j);
        Ok(())
    }
}

impl<T: Real, const L: usize, const N: usize, M: SeparableModel<T, L, N>> Separable<T, L, N> for Forward<M> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn basis(&mut self, i: usize, x: &SVector<T, N>, phi: &mut SVector<T, L>) -> Result<T, Self::Error> {
        *phi = SVector::from(self.0.basis(i, entries(x)));
        Ok(self.0.reading(i))
    }

    fn linearize(
        &mut self,
        i: usize,
        x: &SVector<T, N>,
        phi: &mut SVector<T, L>,
        slopes: &mut SMatrix<T, L, N>,
    ) -> Result<T, Self::Error> {
        take_apart(self.0.basis(i, &variables(x)), phi, slopes);
        Ok(self.0.reading(i))
    }
}

/// Takes values and derivatives apart.
pub(crate) fn take_apart<T: Real, const M: usize, const N: usize>(
    duals: [Dual<T, N>; M],
    values: &mut SVector<T, M>,
    slopes: &mut SMatrix<T, M, N>,
) {
    let (values, slopes) = (entries_mut(values), columns_mut(slopes));
    for (i, dual) in duals.into_iter().enumerate() {
        values[i] = dual.value;
        for (column, slope) in slopes.iter_mut().zip(dual.gradient) {
            column[i] = slope;
        }
    }
}

/// `∇²f(x) v` and, in passing, `∇f(x)`: (product, gradient). Costs about 2N function values.
pub fn hessian_product<T: Real, const N: usize, F: Function<T, N>>(
    f: &F,
    x: &SVector<T, N>,
    v: &SVector<T, N>,
) -> (SVector<T, N>, SVector<T, N>) {
    let (x, v) = (entries(x), entries(v));
    let point: [Dual<Dual<T, 1>, N>; N] =
        core::array::from_fn(|j| Dual::variable(Dual { value: x[j], gradient: [v[j]] }, j));
    let value = f.value(&point);
    (SVector::from(value.gradient.map(|g| g.gradient[0])), SVector::from(value.gradient.map(|g| g.value)))
}
