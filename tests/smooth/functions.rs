//! The standard functions.

use nalgebra::SVector;
use thalweg::problem::Function;
use thalweg::{Number, Real};

/// `½ xᵀT x - x₀` with T = tridiag(-1, 2, -1): the hard chain of Nesterov, L = 4.
#[derive(Clone, Copy, Debug)]
pub struct Chain;

impl Chain {
    /// The least value for a hundred variables.
    pub const LEAST: f64 = -0.495_049_504_950_495;
}

impl<T: Real, const N: usize> Function<T, N> for Chain {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; N]) -> D {
        let ends = x[0] * x[0] + x[N - 1] * x[N - 1];
        let sum = x.windows(2).fold(ends, |sum, pair| sum + (pair[0] - pair[1]) * (pair[0] - pair[1]));
        sum.scale(T::HALF) - x[0]
    }
}

/// `½ (ab - 1)²`: at a minimum the largest eigenvalue of the Hessian is a² + b².
#[derive(Clone, Copy, Debug)]
pub struct ScalarNet;

impl<T: Real> Function<T, 2> for ScalarNet {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> D {
        let error = x[0] * x[1] - D::of(1.0);
        (error * error).scale(T::HALF)
    }
}

/// `½x² - ½y² + ¼y⁴`: a strict saddle at the origin, minima -¼ at (0, ±1).
#[derive(Clone, Copy, Debug)]
pub struct DoubleWell;

impl<T: Real> Function<T, 2> for DoubleWell {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> D {
        let (a, b) = (x[0] * x[0], x[1] * x[1]);
        (a - b).scale(T::HALF) + (b * b).scale(T::of_f64(0.25))
    }
}

/// `100 (y - x²)² + (1 - x)²`.
#[derive(Clone, Copy, Debug)]
pub struct Rosenbrock;

impl Rosenbrock {
    pub const START: [f64; 2] = [-1.2, 1.0];
}

impl<T: Real> Function<T, 2> for Rosenbrock {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> D {
        let (across, along) = (x[1] - x[0] * x[0], D::of(1.0) - x[0]);
        (across * across).scale(T::of_f64(100.0)) + along * along
    }
}

/// `x³ - 3xy²`: a degenerate saddle at the origin.
#[derive(Clone, Copy, Debug)]
pub struct MonkeySaddle;

impl<T: Real> Function<T, 2> for MonkeySaddle {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> D {
        x[0] * x[0] * x[0] - (x[0] * x[1] * x[1]).scale(T::of_f64(3.0))
    }
}

/// `½ Σ λᵢ (xᵢ - cᵢ)²`.
#[derive(Clone, Copy, Debug)]
pub struct Diagonal<const N: usize> {
    pub curvatures: [f64; N],
    pub centre: [f64; N],
}

impl<const N: usize> Diagonal<N> {
    /// Centred at the origin.
    pub const fn new(curvatures: [f64; N]) -> Self {
        Self { curvatures, centre: [0.0; N] }
    }
}

impl<T: Real, const N: usize> Function<T, N> for Diagonal<N> {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; N]) -> D {
        let terms = x.iter().zip(self.curvatures.iter().zip(&self.centre));
        terms.fold(D::of(0.0), |sum, (&x, (&curvature, &centre))| {
            let off = x.offset(-T::of_f64(centre));
            sum + (off * off).scale(T::of_f64(0.5 * curvature))
        })
    }
}

/// A point in the scalar of the test.
pub fn point<T: Real, const N: usize>(x: [f64; N]) -> SVector<T, N> {
    SVector::from(x.map(T::of_f64))
}
