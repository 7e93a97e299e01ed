//! Scalars: the same bits everywhere, and dual numbers whose derivatives are right.

use proptest::prelude::*;
use thalweg::problem::Dual;
use thalweg::{Number, Real};

use crate::problems::cases;

/// Equal bits, or both NaN.
fn same<T: Real>(a: T, b: T) -> bool {
    let (a, b) = (a.to_f64(), b.to_f64());
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// The functions of one argument, by their name in `Number`.
type Unary<D> = [(&'static str, fn(D) -> D); 14];

fn unary<D: Number>() -> Unary<D> {
    [
        ("sqrt", D::sqrt),
        ("exp", D::exp),
        ("exp_m1", D::exp_m1),
        ("ln", D::ln),
        ("ln_1p", D::ln_1p),
        ("sin", D::sin),
        ("cos", D::cos),
        ("tan", D::tan),
        ("asin", D::asin),
        ("acos", D::acos),
        ("atan", D::atan),
        ("sinh", D::sinh),
        ("cosh", D::cosh),
        ("tanh", D::tanh),
    ]
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn f64_functions_are_those_of_libm(x in any::<f64>(), y in any::<f64>(), moderate in -20.0..20.0_f64) {
        let expected: Unary<f64> = [
            ("sqrt", libm::sqrt), ("exp", libm::exp), ("exp_m1", libm::expm1), ("ln", libm::log), ("ln_1p", libm::log1p),
            ("sin", libm::sin), ("cos", libm::cos), ("tan", libm::tan), ("asin", libm::asin), ("acos", libm::acos),
            ("atan", libm::atan), ("sinh", libm::sinh), ("cosh", libm::cosh), ("tanh", libm::tanh),
        ];
        for ((name, ours), (_, theirs)) in unary::<f64>().into_iter().zip(expected) {
            for x in [x, moderate, moderate / 20.0] {
                prop_assert!(same(ours(x), theirs(x)), "{name}({x:e})");
            }
        }
        prop_assert!(same(Number::atan2(x, y), libm::atan2(x, y)));
        prop_assert!(same(Number::powf(x, y), libm::pow(x, y)));
        prop_assert!(same(Number::powf(moderate.abs(), moderate), libm::pow(moderate.abs(), moderate)));
        prop_assert!(same(Real::copysign(x, y), libm::copysign(x, y)));
        prop_assert!(same(Number::abs(x), libm::fabs(x)));
    }

    #[test]
    fn f32_functions_are_those_of_libm(x in any::<f32>(), y in any::<f32>(), moderate in -20.0..20.0_f32) {
        let expected: Unary<f32> = [
            ("sqrt", libm::sqrtf), ("exp", libm::expf), ("exp_m1", libm::expm1f), ("ln", libm::logf),
            ("ln_1p", libm::log1pf), ("sin", libm::sinf), ("cos", libm::cosf), ("tan", libm::tanf),
            ("asin", libm::asinf), ("acos", libm::acosf), ("atan", libm::atanf), ("sinh", libm::sinhf),
            ("cosh", libm::coshf), ("tanh", libm::tanhf),
        ];
        for ((name, ours), (_, theirs)) in unary::<f32>().into_iter().zip(expected) {
            for x in [x, moderate, moderate / 20.0] {
                prop_assert!(same(ours(x), theirs(x)), "{name}({x:e})");
            }
        }
        prop_assert!(same(Number::atan2(x, y), libm::atan2f(x, y)));
        prop_assert!(same(Number::powf(x, y), libm::powf(x, y)));
        prop_assert!(same(Number::powf(moderate.abs(), moderate), libm::powf(moderate.abs(), moderate)));
        prop_assert!(same(Real::copysign(x, y), libm::copysignf(x, y)));
        prop_assert!(same(Number::abs(x), libm::fabsf(x)));
    }

    #[test]
    fn integer_powers_are_powers(x in 0.5..2.0_f64, exponent in -60..60_i32) {
        let (ours, exact) = (Number::powi(x, exponent), libm::pow(x, f64::from(exponent)));
        prop_assert!((ours - exact).abs() <= 64.0 * f64::EPSILON * exact, "{ours:e} {exact:e}");
        let odd = if exponent % 2 == 0 { 1.0 } else { -1.0 };
        prop_assert_eq!(Number::powi(-x, exponent), odd * ours);
    }

    /// A model answers the same with and without its derivatives.
    #[test]
    fn a_dual_number_carries_the_plain_value(x in -3.0..3.0_f64, y in 0.01..3.0_f64, exponent in -9..9_i32) {
        let (dx, dy) = (Dual::<f64, 2>::variable(x, 0), Dual::<f64, 2>::variable(y, 1));
        for ((name, plain), (_, dual)) in unary::<f64>().into_iter().zip(unary::<Dual<f64, 2>>()) {
            prop_assert!(same(dual(dx).value, plain(x)), "{name}({x:e})");
        }
        for (name, dual, plain) in [
            ("+", dx + dy, x + y), ("-", dx - dy, x - y), ("*", dx * dy, x * y), ("/", dx / dy, x / y), ("neg", -dx, -x),
            ("atan2", dx.atan2(dy), Number::atan2(x, y)), ("powf", dy.powf(dx), Number::powf(y, x)),
            ("powi", dx.powi(exponent), Number::powi(x, exponent)), ("abs", dx.abs(), x.abs()),
            ("scale", dx.scale(y), x * y), ("offset", dx.offset(y), x + y),
        ] {
            prop_assert!(same(dual.value, plain), "{name} at {x:e}, {y:e}, {exponent}: {:e} {plain:e}", dual.value);
        }
    }

    #[test]
    fn dual_derivatives_are_those_of_differences(x in -0.9..0.9_f64, y in 0.1..3.0_f64, exponent in -6..7_i32) {
        let derivative = |f: &dyn Fn(f64) -> f64, at: f64| {
            let h = 1e-5 * at.abs().max(0.1);
            (8.0 * (f(at + h) - f(at - h)) - (f(at + 2.0 * h) - f(at - 2.0 * h))) / (12.0 * h)
        };
        let near = |dual: f64, difference: f64| (dual - difference).abs() <= 1e-7 * (1.0 + difference.abs());
        for ((name, plain), (_, dual)) in unary::<f64>().into_iter().zip(unary::<Dual<f64, 1>>()) {
            let at = if matches!(name, "sqrt" | "ln") { y } else { x };
            let (given, difference) = (dual(Dual::variable(at, 0)).gradient[0], derivative(&plain, at));
            prop_assert!(near(given, difference), "{name}'({at}) = {given}, not {difference}");
        }
        let away = if x.abs() < 0.1 { 0.1_f64.copysign(x) } else { x };
        type Binary<D> = fn(D, D, i32) -> D;
        fn binary<D: Number>() -> [(&'static str, Binary<D>); 9] {
            [
                ("add", |a, b, _| a + b), ("sub", |a, b, _| a - b), ("mul", |a, b, _| a * b), ("div", |a, b, _| a / b),
                ("atan2", |a, b, _| a.atan2(b)), ("powf", |a, b, _| b.powf(a)), ("powi", |a, b, e| (a * b).powi(e)),
                ("abs", |a, b, _| (a * b).abs()), ("neg", |a, b, _| -(a * b)),
            ]
        }
        for ((name, plain), (_, dual)) in binary::<f64>().into_iter().zip(binary::<Dual<f64, 2>>()) {
            let given = dual(Dual::variable(away, 0), Dual::variable(y, 1), exponent).gradient;
            let differences = [
                derivative(&|x| plain(x, y, exponent), away), derivative(&|y| plain(away, y, exponent), y),
            ];
            for (given, difference) in given.into_iter().zip(differences) {
                prop_assert!(near(given, difference), "{name} at ({away}, {y}): {given}, not {difference}");
            }
        }
    }
}

fn constants<T: Real>() {
    assert_eq!(T::SQRT_EPSILON, T::EPSILON.sqrt());
    assert!(T::ONE + T::EPSILON > T::ONE && T::ONE + T::EPSILON * T::HALF == T::ONE);
    assert_eq!((T::HALF + T::HALF, T::ONE + T::ONE, T::ONE + T::ZERO), (T::ONE, T::TWO, T::ONE));
    assert!(!T::INFINITY.is_finite() && T::INFINITY > T::ZERO && !T::NAN.is_finite() && T::NAN.to_f64().is_nan());
    assert!(T::TINY > T::ZERO && (T::ONE / T::TINY).is_finite());
    assert_eq!((Real::max(T::NAN, T::ONE), Real::min(T::ONE, T::NAN)), (T::ONE, T::ONE));
    assert_eq!(
        (T::of_usize(7), T::of_f64(7.0), <T as Number>::of(7.0).squared()),
        (T::of_f64(7.0), T::of_usize(7), T::of_usize(49))
    );
}

#[test]
fn constants_are_right() {
    constants::<f32>();
    constants::<f64>();
    assert_eq!(f32::of_f64(0.1), 0.1_f32);
}

#[test]
fn powers_at_the_edges() {
    assert_eq!(Number::powi(0.0_f64, 0), 1.0);
    assert_eq!(Number::powi(f64::NAN, 0), 1.0);
    assert_eq!(Number::powi(0.0_f64, -1), f64::INFINITY);
    assert_eq!(Number::powi(1.0_f32, i32::MIN), 1.0);
    assert_eq!(Number::powi(2.0_f64, i32::MIN), 0.0);
    assert_eq!(Dual::<f64, 1>::variable(2.0, 0).powi(i32::MIN).value, 0.0);
    assert_eq!(Dual::<f64, 1>::variable(0.0, 0).powi(1), Dual { value: 0.0, gradient: [1.0] });
    assert_eq!(Dual::<f64, 1>::variable(0.0, 0).powi(0), Dual { value: 1.0, gradient: [0.0] });
    // A constant exponent never meets the logarithm.
    assert_eq!(Dual::<f64, 1>::variable(-2.0, 0).powf(Number::of(3.0)), Dual { value: -8.0, gradient: [12.0] });
}
