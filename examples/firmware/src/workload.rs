//! What is measured: the main job, and problems that are prepared, then evaluated (the baseline of a flash figure) or solved.

use core::convert::Infallible;
use core::marker::PhantomData;

use nalgebra::SVector;
use thalweg::calibration::{Calibrator, Push, Verdict};
use thalweg::least_squares::{Accumulation, LevenbergMarquardt, StreamedState, Tolerances};
use thalweg::problem::{Block, LANES, Problem, Rows};
use thalweg::{Method, Real};

use crate::data;

/// The length of the log.
const READINGS: usize = 1000;

/// What the smallest board has room for.
pub type Magnetometer = Calibrator<f32, 200>;

/// The main job: a log is pushed, then a requested fit is ticked to its end. Who measures wraps `push` and `tick`.
pub fn calibrate(
    calibrator: &mut Magnetometer,
    mut push: impl FnMut(&mut Magnetometer, [f32; 3]) -> Push,
    mut tick: impl FnMut(&mut Magnetometer) -> bool,
) {
    for reading in data::tumbling().take(READINGS) {
        push(calibrator, reading.map(f32::of_f64));
    }
    calibrator.request();
    while tick(calibrator) {}
}

/// What a job returns, as the words that the device prints and the host compares.
pub trait Answer {
    fn words(&self) -> impl Iterator<Item = u32>;
}

/// What the peers were given, the cheapest tolerance that reaches the optimum: a step that promises less than rounding
/// would show ends a fit before it is evaluated.
pub fn tolerances() -> Tolerances<f32> {
    Tolerances { decrease: 4.0 * f32::EPSILON, ..Tolerances::default() }
}

pub fn marquardt() -> LevenbergMarquardt<f32> {
    LevenbergMarquardt { tolerances: tolerances(), ..LevenbergMarquardt::default() }
}

/// A point, its cost, and the number of iterations it took.
pub struct Solution<const N: usize> {
    pub x: SVector<f32, N>,
    pub cost: f32,
    pub iterations: u32,
}

impl<const N: usize> Answer for Solution<N> {
    fn words(&self) -> impl Iterator<Item = u32> {
        self.x.iter().map(|x| x.to_bits()).chain([self.cost.to_bits(), self.iterations])
    }
}

impl Answer for Magnetometer {
    fn words(&self) -> impl Iterator<Item = u32> {
        const VERDICTS: [Verdict; 10] = [
            Verdict::Accepted,
            Verdict::TooFewSamples,
            Verdict::NoVariation,
            Verdict::NonFinite,
            Verdict::Saturated,
            Verdict::NotConverged,
            Verdict::Undetermined,
            Verdict::PoorCoverage,
            Verdict::Imprecise,
            Verdict::PoorFit,
        ];
        let verdict = VERDICTS.iter().position(|v| *v == self.verdict()).map_or(u32::MAX, |v| v as u32);
        self.result().into_iter().flat_map(move |found| {
            let vectors = found.offset.iter().chain(&found.offset_errors);
            let matrices = found.matrix.iter().chain(&found.matrix_errors);
            let scalars = [&found.field, &found.rms_before, &found.rms_after];
            let floats = vectors.chain(matrices).chain(scalars).map(|x| x.to_bits());
            floats.chain([verdict, found.used as u32, found.iterations])
        })
    }
}

/// `M` samples of `D` numbers, rounded to the scalar, to which a model with `N` parameters is fitted.
pub struct Fit<S, T, const D: usize, const M: usize, const N: usize> {
    samples: [[T; D]; M],
    model: PhantomData<S>,
}

/// The model: where its samples come from, where the fit starts, and the residual and row of one sample.
pub trait Model<T: Real, const D: usize, const N: usize> {
    const START: [f64; N];
    fn source() -> impl Iterator<Item = [f64; D]>;
    fn row(sample: &[T; D], x: &SVector<T, N>) -> (T, SVector<T, N>);
}

/// A symmetric correction and an offset bring the readings to the unit sphere.
pub struct Ellipsoid;
pub type EllipsoidFit<T, const M: usize> = Fit<Ellipsoid, T, 3, M, 9>;

/// A centre and a radius.
pub struct Sphere;
pub type SphereFit<T, const M: usize> = Fit<Sphere, T, 3, M, 4>;

/// `y = b₁ (1 - exp(-b₂ x))`.
pub struct Misra1a;
pub type Misra1aFit<T> = Fit<Misra1a, T, 2, 14, 2>;

impl<T: Real> Model<T, 3, 9> for Ellipsoid {
    const START: [f64; 9] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];

    fn source() -> impl Iterator<Item = [f64; 3]> {
        data::ellipsoid()
    }

    #[inline(always)]
    fn row(m: &[T; 3], x: &SVector<T, 9>) -> (T, SVector<T, 9>) {
        let [b0, b1, b2, a, b, c, d, e, f] = x.data.0[0];
        let u = [m[0] - b0, m[1] - b1, m[2] - b2];
        let v = [a * u[0] + b * u[1] + c * u[2], b * u[0] + d * u[1] + e * u[2], c * u[0] + e * u[1] + f * u[2]];
        let norm = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
        let inverse = T::ONE / norm;
        // Not a map: at opt-level s that is a loop through memory.
        let w = [v[0] * inverse, v[1] * inverse, v[2] * inverse];
        let row = [
            -(a * w[0] + b * w[1] + c * w[2]),
            -(b * w[0] + d * w[1] + e * w[2]),
            -(c * w[0] + e * w[1] + f * w[2]),
            w[0] * u[0],
            w[0] * u[1] + w[1] * u[0],
            w[0] * u[2] + w[2] * u[0],
            w[1] * u[1],
            w[1] * u[2] + w[2] * u[1],
            w[2] * u[2],
        ];
        (norm - T::ONE, row.into())
    }
}

impl<T: Real> Model<T, 3, 4> for Sphere {
    const START: [f64; 4] = [0.0, 0.0, 0.0, 0.5];

    fn source() -> impl Iterator<Item = [f64; 3]> {
        data::sphere()
    }

    #[inline(always)]
    fn row(m: &[T; 3], x: &SVector<T, 4>) -> (T, SVector<T, 4>) {
        let [c0, c1, c2, radius] = x.data.0[0];
        let d = [m[0] - c0, m[1] - c1, m[2] - c2];
        let norm = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
        let inverse = T::ONE / norm;
        (norm - radius, [-(d[0] * inverse), -(d[1] * inverse), -(d[2] * inverse), -T::ONE].into())
    }
}

impl<T: Real> Model<T, 2, 2> for Misra1a {
    const START: [f64; 2] = [500.0, 1e-4];

    fn source() -> impl Iterator<Item = [f64; 2]> {
        data::MISRA1A.into_iter()
    }

    #[inline(always)]
    fn row(&[x, y]: &[T; 2], b: &SVector<T, 2>) -> (T, SVector<T, 2>) {
        let [b1, b2] = b.data.0[0];
        let e = (-b2 * x).exp();
        (b1 * (T::ONE - e) - y, [T::ONE - e, b1 * x * e].into())
    }
}

impl<S, T, const D: usize, const M: usize, const N: usize> Problem for &Fit<S, T, D, M, N> {
    type Error = Infallible;
}

impl<S: Model<T, D, N>, T: Real, const D: usize, const M: usize, const N: usize> Rows<T, N> for &Fit<S, T, D, M, N> {
    fn rows(&self) -> usize {
        M
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Infallible> {
        let residual;
        (residual, *g) = S::row(&self.samples[i], x);
        Ok(residual)
    }

    fn block(&mut self, first: usize, x: &SVector<T, N>, block: &mut Block<T, N>) -> Result<(), Infallible> {
        for sample in self.samples.iter().skip(first).take(LANES) {
            let (residual, row) = S::row(sample, x);
            block.push(row, residual);
        }
        Ok(())
    }
}

impl<S: Model<T, D, N>, T: Real, const D: usize, const M: usize, const N: usize> Fit<S, T, D, M, N> {
    pub fn prepare() -> Self {
        let mut source = S::source();
        let samples = core::array::from_fn(|_| source.next().unwrap_or([0.0; D]).map(T::of_f64));
        Self { samples, model: PhantomData }
    }

    pub const fn samples(&self) -> &[[T; D]; M] {
        &self.samples
    }

    pub fn start() -> SVector<T, N> {
        S::START.map(T::of_f64).into()
    }
}

impl<S: Model<f32, D, N>, const D: usize, const M: usize, const N: usize> Fit<S, f32, D, M, N> {
    /// The cost at the start, and the gradient so that no row goes unused.
    pub fn evaluate(&self) -> Solution<N> {
        let (start, mut x, mut block) = (Self::start(), SVector::zeros(), Block::new());
        let (mut next, mut cost) = (0, 0.0);
        while next < M {
            block.clear();
            let Ok(()) = { self }.block(next, &start, &mut block);
            next += block.len();
            cost += block.cost();
            block.samples().for_each(|(g, r)| x += g * r);
        }
        Solution { x, cost, iterations: 0 }
    }

    pub fn solve<K: Accumulation>(&self) -> Solution<N> {
        let mut state = StreamedState::<f32, N, K>::from_point(Self::start());
        let Ok(_) = marquardt().run(&mut state, &mut { self }, 100 * M as u32);
        Solution { x: *state.x(), cost: state.cost(), iterations: state.iterations() }
    }
}
