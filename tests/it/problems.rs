//! The small problems that the tests share.

use nalgebra::SVector;
use proptest::test_runner::Config;
use thalweg::problem::{Block, Function, LANES, Model, Problem, Rows};
use thalweg::{Number, Real};

/// `x0 exp(-x1 t) + x2` through nine readings, the sixth of which is an outlier.
#[derive(Clone, Copy, Debug)]
pub struct Decay;

impl Decay {
    pub const TIMES: [f64; 9] = [0.0, 0.5, 1.0, 1.75, 2.5, 3.5, 4.5, 6.0, 8.0];
    pub const READINGS: [f64; 9] = [4.01, 3.47, 3.0, 2.51, 2.09, 3.75, 1.51, 1.26, 1.13];
    pub const START: [f64; 3] = [1.0, 1.0, 0.0];
}

impl<T: Real> Model<T, 3> for Decay {
    fn rows(&self) -> usize {
        Self::TIMES.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 3]) -> D {
        let fade = (-x[1].scale(T::of_f64(Self::TIMES[i]))).exp();
        (x[0] * fade + x[2]).offset(-T::of_f64(Self::READINGS[i]))
    }
}

/// The row of [`Decay`] by hand.
pub fn decay_row<T: Real>(i: usize, x: &SVector<T, 3>, g: &mut SVector<T, 3>) -> T {
    let t = T::of_f64(Decay::TIMES[i]);
    let fade = Number::exp(-(x[1] * t));
    *g = SVector::from([fade, -(x[0] * fade * t), T::ONE]);
    x[0] * fade + x[2] - T::of_f64(Decay::READINGS[i])
}

/// `(1 - x0)² + 2 (x1 - x0²)² + 1`: Rosenbrock's valley, gentle enough for gradient descent.
#[derive(Clone, Copy, Debug)]
pub struct Valley;

impl<T: Real> Function<T, 2> for Valley {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> D {
        let (across, along) = (x[1] - x[0] * x[0], D::of(1.0) - x[0]);
        along * along + (across * across).scale(T::TWO) + D::of(1.0)
    }
}

/// `A x - b` with dense rows.
#[derive(Clone, Debug)]
pub struct Linear<T: Real, const N: usize> {
    pub a: Vec<SVector<T, N>>,
    pub b: Vec<T>,
}

impl<T: Real, const N: usize> Linear<T, N> {
    pub fn of(rows: &[[f64; N]], b: &[f64]) -> Self {
        let a = rows.iter().map(|row| SVector::from(row.map(T::of_f64))).collect();
        Self { a, b: b.iter().map(|&b| T::of_f64(b)).collect() }
    }
}

impl<T: Real, const N: usize> Problem for Linear<T, N> {
    type Error = core::convert::Infallible;
}

impl<T: Real, const N: usize> Rows<T, N> for Linear<T, N> {
    fn rows(&self) -> usize {
        self.b.len()
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        *g = self.a[i];
        Ok(self.a[i].iter().zip(x.iter()).fold(-self.b[i], |sum, (&a, &x)| sum + a * x))
    }
}

/// The same rows, handed out as many at a time as a block holds.
#[derive(Clone, Copy, Debug)]
pub struct Fours<P>(pub P);

impl<P: Problem> Problem for Fours<P> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Rows<T, N>> Rows<T, N> for Fours<P> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        self.0.row(i, x, g)
    }

    fn block(&mut self, first: usize, x: &SVector<T, N>, block: &mut Block<T, N>) -> Result<(), P::Error> {
        for i in first..self.rows().min(first + LANES) {
            let mut g = SVector::zeros();
            let residual = self.row(i, x, &mut g)?;
            block.push(g, residual);
        }
        Ok(())
    }
}

/// A point in the scalar of a test.
pub fn point<T: Real, const N: usize>(x: [f64; N]) -> SVector<T, N> {
    SVector::from(x.map(T::of_f64))
}

/// A point as `f64`, exact.
pub fn wide<T: Real, const N: usize>(x: &SVector<T, N>) -> SVector<f64, N> {
    x.map(T::to_f64)
}

/// `max |a - b| / max(1, |a|)`.
pub fn distance<T: Real, const N: usize>(a: &SVector<T, N>, b: &SVector<T, N>) -> f64 {
    let (a, b) = (wide(a), wide(b));
    a.iter().zip(b.iter()).map(|(a, b)| (a - b).abs() / a.abs().max(1.0)).fold(0.0, f64::max)
}

/// Property tests keep no files beside the sources; `PROPTEST_CASES` asks for more than the usual 256 cases.
pub fn cases() -> Config {
    let config = Config { failure_persistence: None, ..Config::default() };
    Config { max_global_rejects: 8 * config.cases, ..config }
}
