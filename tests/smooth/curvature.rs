//! Oracles of second order.

use nalgebra::{Matrix2, SMatrix, SVector, Vector2, matrix, vector};
use thalweg::problem::{
    Counted, Curved, Fault, Faulty, FiniteSum, FisherCurvature, Forward, GaussNewtonCurvature, GradientDifferences,
    HessianProducts, Injected, Objective, Problem, Quadratic, Smooth, dense_fn, hessian_fn,
};

use crate::functions::{Chain, Rosenbrock, point};

/// The product with the Hessian of the same oracle.
fn both<const N: usize, P: HessianProducts<f64, N> + Curved<f64, N>>(
    mut problem: P,
    x: &SVector<f64, N>,
    v: &SVector<f64, N>,
) -> (SVector<f64, N>, SVector<f64, N>)
where
    P::Error: core::fmt::Debug,
{
    let (mut g, mut h, mut hv) = (SVector::zeros(), SMatrix::zeros(), SVector::zeros());
    problem.hessian(x, &mut g, &mut h).unwrap();
    problem.product(x, v, &mut hv).unwrap();
    assert_eq!(h, h.transpose());
    (hv, h * v)
}

/// `r = (x² - y, sin x, x y)`.
fn block() -> impl thalweg::problem::LeastSquares<f64, 3, 2, Error = core::convert::Infallible> + Copy {
    dense_fn(|x: &Vector2<f64>, r: &mut SVector<f64, 3>, j: &mut SMatrix<f64, 3, 2>| {
        *r = vector![x[0] * x[0] - x[1], x[0].sin(), x[0] * x[1]];
        *j = matrix![2.0 * x[0], -1.0; x[0].cos(), 0.0; x[1], x[0]];
    })
}

/// `½ (aᵢᵀx - yᵢ)²` for three samples.
#[derive(Clone, Copy)]
struct Samples;

impl Problem for Samples {
    type Error = core::convert::Infallible;
}

impl FiniteSum<f64, 2> for Samples {
    fn terms(&self) -> usize {
        3
    }

    fn term(&mut self, i: usize, x: &Vector2<f64>, g: &mut Vector2<f64>) -> Result<f64, Self::Error> {
        let (a, y) = ([vector![1.0, 2.0], vector![-1.0, 0.5], vector![0.0, 3.0]][i], [1.0, 2.0, -1.0][i]);
        let r = a.dot(x) - y;
        *g = a * r;
        Ok(0.5 * r * r)
    }
}

#[test]
fn products_are_those_of_the_hessian() {
    let (x, v) = (vector![0.7, -0.4], vector![2.0, -3.0]);
    let quadratic = Quadratic { hessian: matrix![1.0, 2.0; 2.0, -3.0], linear: vector![1.0, 0.0], constant: 0.0 };
    for (hv, expected) in [
        both(quadratic, &x, &v),
        both(Forward(Rosenbrock), &x, &v),
        both(Counted::new(Forward(Rosenbrock)), &x, &v),
        both(Faulty::new(Forward(Rosenbrock), Fault::Nan, 9), &x, &v),
        both(&mut Forward(Rosenbrock), &x, &v),
        both(GaussNewtonCurvature::<_, 3>(block()), &x, &v),
        both(FisherCurvature(Samples), &x, &v),
        both(hessian_fn(|x: &Vector2<f64>, g, h| (*g, *h, x[0] * x[1] * x[1]).2), &x, &v),
    ] {
        assert!((hv - expected).norm() <= 1e-13 * (1.0 + expected.norm()), "{hv} {expected}");
    }
    let (chain, all) = (Forward(Chain), SVector::<f64, 9>::from_fn(|i, _| i as f64));
    let (hv, expected) = both(chain, &all, &all.map(f64::cos));
    assert!((hv - expected).norm() < 1e-13);
}

#[test]
fn differences_of_gradients_have_two_thirds_of_the_digits() {
    let (x, v) = (vector![0.7, -0.4], vector![2e3, -3e3]);
    let exact = both(Forward(Rosenbrock), &x, &v);
    let close = both(GradientDifferences::new(Forward(Rosenbrock)), &x, &v);
    for found in [close.0, close.1] {
        assert!((found - exact.0).norm() < 1e-8 * exact.0.norm(), "{:e}", (found - exact.0).norm() / exact.0.norm());
    }
    let mut single = GradientDifferences::new(Forward(Rosenbrock));
    let mut hv = SVector::<f32, 2>::zeros();
    single.product(&point([0.7, -0.4]), &point([2e3, -3e3]), &mut hv).unwrap();
    assert!((hv.map(f64::from) - exact.0).norm() < 1e-2 * exact.0.norm());
    single.product(&point([0.7, -0.4]), &point([0.0, 0.0]), &mut hv).unwrap();
    assert_eq!(hv, vector![0.0, 0.0]);
    let mut counted = GradientDifferences::new(Counted::new(Forward(Rosenbrock)));
    let _ = both(&mut counted, &x, &v);
    assert_eq!(counted.inner.gradients, 2 + 5, "two a product, 2N + 1 a Hessian");
}

#[test]
fn gauss_newton_is_half_the_sum_of_squares_with_its_gradient() {
    let mut problem = GaussNewtonCurvature::<_, 3>(block());
    let (x, mut g, mut h) = (vector![0.7, -0.4], Vector2::zeros(), Matrix2::zeros());
    let value = problem.hessian(&x, &mut g, &mut h).unwrap();
    assert_eq!((Ok(value), Ok(value)), (problem.value(&x), problem.gradient(&x, &mut g)));
    let j = matrix![1.4, -1.0; 0.7f64.cos(), 0.0; -0.4, 0.7];
    let r = vector![0.49 + 0.4, 0.7f64.sin(), -0.28];
    assert!((value - 0.5 * r.norm_squared()).abs() < 1e-15);
    assert!((g - j.transpose() * r).norm() < 1e-15 && (h - j.transpose() * j).norm() < 1e-15);
}

#[test]
fn fisher_is_the_mean_of_outer_products() {
    let (x, mut g, mut h) = (vector![0.5, 1.0], Vector2::zeros(), Matrix2::zeros());
    let value = FisherCurvature(Samples).hessian(&x, &mut g, &mut h).unwrap();
    let (mut mean, mut outer, mut part) = (Vector2::zeros(), Matrix2::zeros(), Vector2::zeros());
    let mut sum = 0.0;
    for i in 0..3 {
        sum += Samples.term(i, &x, &mut part).unwrap() / 3.0;
        mean += part / 3.0;
        outer += part * part.transpose() / 3.0;
    }
    assert!((value - sum).abs() < 1e-15 && (g - mean).norm() < 1e-15 && (h - outer).norm() < 1e-14);
}

#[test]
fn a_fault_reaches_the_product() {
    let (x, mut hv) = (vector![0.7, -0.4], Vector2::<f64>::zeros());
    let mut faulty = Faulty::new(Forward(Rosenbrock), Fault::Nan, 0);
    faulty.product(&x, &x, &mut hv).unwrap();
    assert!(hv.iter().all(|h: &f64| h.is_nan()));
    let mut faulty = Faulty::new(Forward(Rosenbrock), Fault::Error, 0);
    assert_eq!(faulty.product(&x, &x, &mut hv), Err(Injected::Fault));
    let mut counted = Counted::new(Forward(Rosenbrock));
    counted.product(&x, &x, &mut hv).unwrap();
    assert_eq!((counted.gradients, counted.calls()), (1, 1));
}
