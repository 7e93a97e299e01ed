//! The scalars of the crate, and the numbers a model can be written over.

use core::fmt::{Debug, Display, LowerExp};
use core::ops::{Add, Div, Mul, Neg, Sub};

use nalgebra::{ClosedAddAssign, ClosedDivAssign, ClosedMulAssign, ClosedSubAssign};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// What a model may be written over: a [`Real`], or a [`Dual`](crate::problem::Dual) number that carries derivatives.
///
/// A model generic over `Number` yields values, exact Jacobian rows and Hessian-vector products from one text. All
/// functions come from `libm`, so every machine computes the same bits.
pub trait Number:
    Copy
    + Debug
    + PartialEq
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// The underlying scalar.
    type Scalar: Real;

    /// A number without derivative.
    fn constant(value: Self::Scalar) -> Self;
    /// The number without its derivative.
    fn real(self) -> Self::Scalar;

    /// A literal, rounded to the scalar.
    fn of(literal: f64) -> Self {
        Self::constant(Self::Scalar::of_f64(literal))
    }
    /// The product with a scalar.
    fn scale(self, factor: Self::Scalar) -> Self;
    /// The sum with a scalar.
    fn offset(self, shift: Self::Scalar) -> Self {
        self + Self::constant(shift)
    }

    /// The square root; its derivative at zero is infinite.
    fn sqrt(self) -> Self;
    /// The exponential.
    fn exp(self) -> Self;
    /// `exp(x) - 1` without cancellation near zero.
    fn exp_m1(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// `ln(1 + x)` without cancellation near zero.
    fn ln_1p(self) -> Self;
    /// The sine of an angle in radians.
    fn sin(self) -> Self;
    /// The cosine of an angle in radians.
    fn cos(self) -> Self;
    /// The tangent of an angle in radians.
    fn tan(self) -> Self;
    /// The arc sine, in radians.
    fn asin(self) -> Self;
    /// The arc cosine, in radians.
    fn acos(self) -> Self;
    /// The arc tangent, in radians.
    fn atan(self) -> Self;
    /// The angle of the point (`x`, `self`), in radians.
    fn atan2(self, x: Self) -> Self;
    /// The hyperbolic sine.
    fn sinh(self) -> Self;
    /// The hyperbolic cosine.
    fn cosh(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The absolute value; its derivative at zero is taken as one.
    fn abs(self) -> Self;
    /// An integer power, by repeated squaring.
    fn powi(self, exponent: i32) -> Self;
    /// A real power of a positive number.
    fn powf(self, exponent: Self) -> Self;
}

/// The scalar of a problem: `f32` or `f64`.
///
/// In code that names `f32` or `f64` itself, `x.exp()` is the inherent method of the standard library, whose bits
/// differ between machines; write `Number::exp(x)` there, or keep the code generic over `T: Real`.
pub trait Real:
    sealed::Sealed
    + Number<Scalar = Self>
    + nalgebra::Scalar
    + num_traits::Zero
    + num_traits::One
    + ClosedAddAssign
    + ClosedSubAssign
    + ClosedMulAssign
    + ClosedDivAssign
    + PartialOrd
    + Display
    + LowerExp
    + Default
    + Send
    + Sync
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// One half.
    const HALF: Self;
    /// Two.
    const TWO: Self;
    /// The distance from one to the next larger number.
    const EPSILON: Self;
    /// The square root of [`EPSILON`](Self::EPSILON).
    const SQRT_EPSILON: Self;
    /// The smallest positive normal number.
    const TINY: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;

    /// A literal or a computed `f64`, rounded to the scalar.
    fn of_f64(value: f64) -> Self;
    /// A count, rounded to the scalar.
    fn of_usize(count: usize) -> Self;
    /// The value as `f64`, exact.
    fn to_f64(self) -> f64;
    /// Whether the value is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The larger of two values; the other one if one is NaN.
    #[must_use]
    fn max(self, other: Self) -> Self;
    /// The smaller of two values; the other one if one is NaN.
    #[must_use]
    fn min(self, other: Self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    #[must_use]
    fn copysign(self, sign: Self) -> Self;
    /// `√(self² + other²)` without overflow.
    #[must_use]
    fn hypot(self, other: Self) -> Self;
    /// `self²`.
    #[must_use]
    fn squared(self) -> Self {
        self * self
    }
}

/// `libm` spells its single precision functions with a trailing `f`.
macro_rules! real {
    ($t:ident, $epsilon_root:literal, $sqrt:path, [$($name:ident = $f:ident),*], $atan2:ident, $pow:ident, $copysign:ident, $hypot:ident) => {
        impl Number for $t {
            type Scalar = $t;
            #[inline]
            fn constant(value: $t) -> $t { value }
            #[inline]
            fn real(self) -> $t { self }
            #[inline]
            fn scale(self, factor: $t) -> $t { self * factor }
            #[inline]
            fn offset(self, shift: $t) -> $t { self + shift }
            #[inline]
            fn sqrt(self) -> $t { $sqrt(self) }
            $(#[inline] fn $name(self) -> $t { libm::$f(self) })*
            #[inline]
            fn atan2(self, x: $t) -> $t { libm::$atan2(self, x) }
            #[inline]
            fn abs(self) -> $t { $t::abs(self) }
            fn powi(self, exponent: i32) -> $t { power(self, exponent) }
            #[inline]
            fn powf(self, exponent: $t) -> $t { libm::$pow(self, exponent) }
        }

        impl Real for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const HALF: $t = 0.5;
            const TWO: $t = 2.0;
            const EPSILON: $t = $t::EPSILON;
            const SQRT_EPSILON: $t = $epsilon_root;
            const TINY: $t = $t::MIN_POSITIVE;
            const INFINITY: $t = $t::INFINITY;
            const NAN: $t = $t::NAN;

            #[inline]
            #[allow(clippy::cast_possible_truncation)] // rounding is the purpose
            fn of_f64(value: f64) -> $t { value as $t }
            #[inline]
            fn of_usize(count: usize) -> $t { count as $t }
            #[inline]
            fn to_f64(self) -> f64 { f64::from(self) }
            #[inline]
            fn is_finite(self) -> bool { $t::is_finite(self) }
            #[inline]
            fn max(self, other: $t) -> $t { $t::max(self, other) }
            #[inline]
            fn min(self, other: $t) -> $t { $t::min(self, other) }
            #[inline]
            fn copysign(self, sign: $t) -> $t { libm::$copysign(self, sign) }
            fn hypot(self, other: $t) -> $t { libm::$hypot(self, other) }
        }
    };
}

real!(
    f32,
    3.452_669_8e-4,
    hardware::sqrtf,
    [
        exp = expf,
        exp_m1 = expm1f,
        ln = logf,
        ln_1p = log1pf,
        sin = sinf,
        cos = cosf,
        tan = tanf,
        asin = asinf,
        acos = acosf,
        atan = atanf,
        sinh = sinhf,
        cosh = coshf,
        tanh = tanhf
    ],
    atan2f,
    powf,
    copysignf,
    hypotf
);
real!(
    f64,
    1.490_116_119_384_765_6e-8,
    libm::sqrt,
    [
        exp = exp,
        exp_m1 = expm1,
        ln = log,
        ln_1p = log1p,
        sin = sin,
        cos = cos,
        tan = tan,
        asin = asin,
        acos = acos,
        atan = atan,
        sinh = sinh,
        cosh = cosh,
        tanh = tanh
    ],
    atan2,
    pow,
    copysign,
    hypot
);

/// `base^exponent` by repeated squaring; a negative exponent inverts at the end.
pub(crate) fn power<D: Number>(base: D, exponent: i32) -> D {
    let mut result = D::of(1.0);
    let mut square = base;
    let mut rest = exponent.unsigned_abs();
    while rest > 0 {
        if rest & 1 == 1 {
            result = result * square;
        }
        rest >>= 1;
        if rest > 0 {
            square = square * square;
        }
    }
    if exponent < 0 { D::of(1.0) / result } else { result }
}

#[cfg(not(all(target_arch = "arm", target_abi = "eabihf")))]
mod hardware {
    pub(super) use libm::sqrtf;
}

/// The one `unsafe` of the crate: `libm` spends 55 integer instructions where these cores have one, correctly rounded.
/// The value travels through a core register because stable `asm!` admits no float operands on this target.
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod hardware {
    #[allow(unsafe_code)]
    #[inline(always)]
    pub(super) fn sqrtf(x: f32) -> f32 {
        let root: u32;
        // SAFETY: no memory is touched, the one register used is declared, and every input is defined.
        unsafe {
            core::arch::asm!(
                "vmov s0, {0}", "vsqrt.f32 s0, s0", "vmov {0}, s0",
                inlateout(reg) x.to_bits() => root, out("s0") _, options(pure, nomem, nostack)
            );
        }
        f32::from_bits(root)
    }
}

/// What rounding makes of the difference of two values.
pub(crate) fn haze<T: Real>(a: T, b: T) -> T {
    T::of_f64(8.0) * T::EPSILON * a.abs().max(b.abs())
}

/// What a measure of stationarity is compared with: `max(1, min(|f|, start))`, with |f₀| for the start. The smaller of the two, for a
/// function that falls without bound must not count as flat beside itself.
pub(crate) fn magnitude<T: Real>(value: T, start: T) -> T {
    value.abs().min(start).max(T::ONE)
}
