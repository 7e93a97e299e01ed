//! Orthogonal distance regression against closed forms, published numbers and brute force.

use core::cell::Cell;

use nalgebra::{Matrix2, Matrix3, SVector, vector};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use thalweg::least_squares::{LevenbergMarquardt, StreamedState};
use thalweg::problem::{Curve, Forward, Model, Orthogonal, Rows, Sample, check_row};
use thalweg::{ConfigError, Method, Number, Real, Stall, Status};

use crate::problems::{cases, distance, point, wide};

/// The ordinate of a curve, over any number.
trait Shape<const N: usize, const K: usize> {
    fn shape<D: Number>(&self, t: &[D; K], x: &[D; N]) -> D;
}

/// A shape through samples.
#[derive(Clone)]
struct Through<S, T, const K: usize = 1> {
    shape: S,
    samples: Vec<Sample<T, K>>,
}

impl<T: Real, S: Shape<N, K>, const N: usize, const K: usize> Curve<T, N, K> for Through<S, T, K> {
    fn rows(&self) -> usize {
        self.samples.len()
    }
    fn sample(&self, i: usize) -> Sample<T, K> {
        self.samples[i]
    }
    fn value<D: Number<Scalar = T>>(&self, t: &[D; K], x: &[D; N]) -> D {
        self.shape.shape(t, x)
    }
}

/// Ordinary least squares of the same curve: vertical offsets only.
impl<T: Real, S: Shape<N, 1>, const N: usize> Model<T, N> for Through<S, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }
    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> D {
        let sample = self.samples[i];
        let error = self.shape.shape(&[D::constant(sample.abscissa[0])], x).offset(-sample.ordinate);
        error.scale(sample.ordinate_weight.sqrt())
    }
}

#[derive(Clone, Copy)]
struct Line;
impl Shape<2, 1> for Line {
    fn shape<D: Number>(&self, t: &[D; 1], x: &[D; 2]) -> D {
        x[0] + x[1] * t[0]
    }
}

#[derive(Clone, Copy)]
struct Plane;
impl Shape<3, 2> for Plane {
    fn shape<D: Number>(&self, t: &[D; 2], x: &[D; 3]) -> D {
        x[0] + x[1] * t[0] + x[2] * t[1]
    }
}

#[derive(Clone, Copy)]
struct Growth;
impl Shape<2, 1> for Growth {
    fn shape<D: Number>(&self, t: &[D; 1], x: &[D; 2]) -> D {
        x[0] * (x[1] * t[0]).exp()
    }
}

/// The upper half of a circle with centre (x0, x1) and radius x2.
#[derive(Clone, Copy)]
struct Arch;
impl Shape<3, 1> for Arch {
    fn shape<D: Number>(&self, t: &[D; 1], x: &[D; 3]) -> D {
        let across = t[0] - x[0];
        x[1] + (x[2] * x[2] - across * across).sqrt()
    }
}

/// A paraboloid, curved in both directions and twisted.
#[derive(Clone, Copy)]
struct Bowl;
impl Shape<3, 2> for Bowl {
    fn shape<D: Number>(&self, t: &[D; 2], x: &[D; 3]) -> D {
        x[0] * t[0] * t[0] + x[1] * t[1] * t[1] + x[2] * t[0] * t[1] + t[0].sin()
    }
}

fn through<S, T: Real, const K: usize>(shape: S, samples: &[Sample<f64, K>]) -> Through<S, T, K> {
    let samples = samples.iter().map(|sample| Sample {
        abscissa: sample.abscissa.map(T::of_f64),
        ordinate: T::of_f64(sample.ordinate),
        abscissa_weight: sample.abscissa_weight.map(T::of_f64),
        ordinate_weight: T::of_f64(sample.ordinate_weight),
    });
    Through { shape, samples: samples.collect() }
}

fn solve<T: Real, const N: usize>(problem: &mut impl Rows<T, N>, start: [f64; N]) -> SVector<f64, N> {
    let Ok((fit, status)) = LevenbergMarquardt::default().solve(point(start), problem, 1_000_000) else {
        panic!("an error")
    };
    assert!(matches!(status, Status::Converged(_)), "{status:?} at {}", fit.x());
    wide(fit.x())
}

/// Pearson's points with York's weights: York, "Least-squares fitting of a straight line" (1966), table II.
fn pearson() -> Vec<Sample<f64>> {
    let x = [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4];
    let y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5];
    let x_weight = [1000.0, 1000.0, 500.0, 800.0, 200.0, 80.0, 60.0, 20.0, 1.8, 1.0];
    let y_weight = [1.0, 1.8, 4.0, 8.0, 20.0, 20.0, 70.0, 70.0, 100.0, 500.0];
    let sample = |i: usize| Sample {
        abscissa: [x[i]],
        ordinate: y[i],
        abscissa_weight: [x_weight[i]],
        ordinate_weight: y_weight[i],
    };
    (0..10).map(sample).collect()
}

/// The minimizer of a function of one variable with one minimum in an interval, by trisection.
fn minimize(f: impl Fn(f64) -> f64, (mut low, mut high): (f64, f64)) -> f64 {
    for _ in 0..200 {
        let third = (high - low) / 3.0;
        if f(low + third) < f(high - third) { high -= third } else { low += third }
    }
    0.5 * (low + high)
}

#[test]
fn pearsons_points_with_yorks_weights() {
    let samples = pearson();
    let published = vector![5.479_910_22, -0.480_533_407];
    // Deming's objective for one slope, the intercept eliminated.
    let fit = |b: f64| {
        let w = |s: &Sample<f64>| 1.0 / (1.0 / s.ordinate_weight + b * b / s.abscissa_weight[0]);
        let sum = |f: &dyn Fn(&Sample<f64>) -> f64| samples.iter().map(f).sum::<f64>();
        let a = sum(&|s| w(s) * (s.ordinate - b * s.abscissa[0])) / sum(&w);
        (a, sum(&|s| w(s) * (s.ordinate - a - b * s.abscissa[0]).powi(2)))
    };
    let slope = minimize(|b| fit(b).1, (-1.0, 0.0));
    let brute = vector![fit(slope).0, slope];
    assert!((brute - published).amax() < 1e-7, "{brute}");

    let x = solve(&mut Orthogonal::new(through::<_, f64, 1>(Line, &samples)).unwrap(), [5.0, 0.0]);
    assert!((x - published).amax() < 1e-8, "{x}");
    let x = solve(&mut Orthogonal::new(through::<_, f32, 1>(Line, &samples)).unwrap(), [5.0, 0.0]);
    assert!((x - published).amax() < 1e-3, "{x}");
}

#[test]
fn a_line_with_equal_weights_is_demings() {
    let base = pearson();
    for (w, v) in [(1.0, 1.0), (4.0, 0.5), (0.1, 30.0)] {
        let samples: Vec<_> = base.iter().map(|s| Sample { abscissa_weight: [v], ordinate_weight: w, ..*s }).collect();
        let mean = samples.iter().map(|s| vector![s.abscissa[0], s.ordinate]).sum::<SVector<f64, 2>>() / 10.0;
        let scatter: Matrix2<f64> =
            samples.iter().map(|s| vector![s.abscissa[0], s.ordinate] - mean).map(|d| d * d.transpose()).sum();
        let (ratio, gap) = (v / w, scatter[(1, 1)] - v / w * scatter[(0, 0)]);
        let slope = (gap + (gap * gap + 4.0 * ratio * scatter[(0, 1)].powi(2)).sqrt()) / (2.0 * scatter[(0, 1)]);
        let deming = vector![mean[1] - slope * mean[0], slope];
        let x = solve(&mut Orthogonal::new(through::<_, f64, 1>(Line, &samples)).unwrap(), [5.0, 0.0]);
        assert!((x - deming).amax() < 1e-7, "{x} {deming}");
        let x = solve(&mut Orthogonal::new(through::<_, f32, 1>(Line, &samples)).unwrap(), [5.0, 0.0]);
        assert!((x - deming).amax() < 1e-3, "{x} {deming}");
    }
}

fn noisy(random: &mut ChaCha8Rng, deviation: f64) -> f64 {
    Normal::new(0.0, deviation).unwrap().sample(random)
}

#[test]
fn a_plane_is_that_of_total_least_squares() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let samples: Vec<_> = (0..40)
        .map(|_| {
            let (s, t) = (noisy(&mut random, 2.0), noisy(&mut random, 3.0));
            let z = 1.0 + 0.5 * s - 2.0 * t;
            Sample::new([s, t].map(|a| a + noisy(&mut random, 0.3)), z + noisy(&mut random, 0.3))
        })
        .collect();
    let points = samples.iter().map(|s| vector![s.abscissa[0], s.abscissa[1], s.ordinate]);
    let mean = points.clone().sum::<SVector<f64, 3>>() / 40.0;
    let scatter: Matrix3<f64> = points.map(|p| (p - mean) * (p - mean).transpose()).sum();
    let eigen = scatter.symmetric_eigen();
    let normal = eigen.eigenvectors.column(eigen.eigenvalues.imin());
    let slopes = [-normal[0] / normal[2], -normal[1] / normal[2]];
    let total = vector![mean[2] - slopes[0] * mean[0] - slopes[1] * mean[1], slopes[0], slopes[1]];
    let x = solve(&mut Orthogonal::new(through::<_, f64, 2>(Plane, &samples)).unwrap(), [0.0; 3]);
    assert!((x - total).amax() < 1e-7, "{x} {total}");
    let x = solve(&mut Orthogonal::new(through::<_, f32, 2>(Plane, &samples)).unwrap(), [0.0; 3]);
    assert!((x - total).amax() < 1e-3, "{x} {total}");
}

#[test]
fn the_distance_to_a_circle_is_the_one_through_its_centre() {
    fn check<T: Real>(tolerance: f64) {
        let (centre, radius) = (vector![0.5, -1.0], 2.0);
        let angles = [0.6, 0.9, 1.2, 1.6, 2.0, 2.5];
        let reach = [1.9, 2.2, 1.5, 2.4, 2.05, 2.0];
        let at = |k: usize, reach: f64| centre + vector![angles[k].cos(), angles[k].sin()] * reach;
        let samples: Vec<_> = (0..6).map(|k| at(k, reach[k])).map(|p| Sample::new([p[0]], p[1])).collect();
        let mut problem = Orthogonal::new(through::<_, T, 1>(Arch, &samples)).unwrap();
        let x = point([0.5, -1.0, radius]);
        for k in 0..6 {
            let mut g = SVector::zeros();
            let Ok(r) = problem.row(k, &x, &mut g);
            assert!((r.to_f64() - (radius - reach[k])).abs() < tolerance, "{r} {}", reach[k]);
            // Outward the circle moves with its centre, and with its radius.
            let row = vector![angles[k].cos(), angles[k].sin(), 1.0];
            assert!((wide(&g) - row).amax() < 10.0 * tolerance || reach[k] == radius, "{g}");
            let ([t], y) = problem.foot(k, &x);
            assert!((vector![t.to_f64(), y.to_f64()] - at(k, radius)).amax() < 10.0 * tolerance);
        }
        let found = solve(&mut problem, [0.4, -0.9, 1.8]);
        assert!(found.iter().all(|x| x.is_finite()));
    }
    check::<f32>(2e-6);
    check::<f64>(1e-14);
}

#[test]
fn the_row_is_the_exact_derivative_and_the_cost_the_least_over_all_displacements() {
    let sample = |t: f64, y: f64, v: f64, w: f64| Sample {
        abscissa: [t],
        ordinate: y,
        abscissa_weight: [v],
        ordinate_weight: w,
    };
    let samples = [
        sample(0.0, 1.3, 2.0, 1.0),
        sample(1.0, 0.8, 0.5, 3.0),
        sample(2.0, 3.9, 100.0, 0.1),
        sample(1.5, 2.1, 0.1, 5.0),
    ];
    let mut problem = Orthogonal::new(through::<_, f64, 1>(Growth, &samples)).unwrap();
    let x = vector![0.7, 0.9];
    for (i, s) in samples.iter().enumerate() {
        let Ok(mismatch) = check_row(&mut problem, i, &x);
        assert!(mismatch.relative < 1e-8, "row {i}: {mismatch:?}");
        let cost = |d: f64| {
            let error = x[0] * (x[1] * (s.abscissa[0] + d)).exp() - s.ordinate;
            0.5 * (s.ordinate_weight * error * error + s.abscissa_weight[0] * d * d)
        };
        let least = (0..400).map(|k| f64::from(k) * 0.01 - 2.0).min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap();
        let least = cost(minimize(cost, (least - 0.01, least + 0.01)));
        let Ok(r) = problem.row(i, &x, &mut SVector::zeros());
        assert!((0.5 * r * r - least).abs() < 1e-13, "row {i}: {} {least}", 0.5 * r * r);
    }
    let samples = [
        Sample { abscissa: [0.3, -0.2], ordinate: 0.4, abscissa_weight: [2.0, 0.5], ordinate_weight: 1.5 },
        Sample { abscissa: [-1.0, 1.2], ordinate: 1.5, abscissa_weight: [1.0, 9.0], ordinate_weight: 0.7 },
        Sample { abscissa: [0.8, 0.9], ordinate: -0.3, abscissa_weight: [3.0, 1.0], ordinate_weight: 1.0 },
    ];
    let mut problem = Orthogonal::new(through::<_, f64, 2>(Bowl, &samples)).unwrap();
    for i in 0..3 {
        let Ok(mismatch) = check_row(&mut problem, i, &vector![0.6, 0.3, -0.4]);
        assert!(mismatch.relative < 1e-8, "row {i}: {mismatch:?}");
    }
}

/// Errors in the abscissa flatten what ordinary least squares sees; the distance does not.
#[test]
fn errors_in_the_abscissa_bias_ordinary_least_squares_only() {
    let truth = vector![0.5, 0.8];
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let samples: Vec<_> = (0..2000)
        .map(|k| {
            let t = 3.0 * f64::from(k) / 2000.0;
            let y = truth[0] * (truth[1] * t).exp();
            Sample {
                abscissa: [t + noisy(&mut random, 0.3)],
                ordinate: y + noisy(&mut random, 0.05),
                abscissa_weight: [1.0 / 0.09],
                ordinate_weight: 400.0,
            }
        })
        .collect();
    let ordinary = solve(&mut Forward(through::<_, f64, 1>(Growth, &samples)), [0.4, 1.0]);
    let orthogonal = solve(&mut Orthogonal::new(through::<_, f64, 1>(Growth, &samples)).unwrap(), [0.4, 1.0]);
    let single = solve(&mut Orthogonal::new(through::<_, f32, 1>(Growth, &samples)).unwrap(), [0.4, 1.0]);
    let error = |x: &SVector<f64, 2>| (x - truth).amax();
    assert!(error(&ordinary) > 0.1, "{ordinary}");
    assert!(error(&orthogonal) < 0.02, "{orthogonal}");
    assert!(distance(&orthogonal, &single) < 1e-3, "{single}");
}

fn bad<T: Real>() {
    let good = Sample::new([T::ONE], T::ONE);
    for weight in [T::ZERO, -T::ONE, T::NAN, T::INFINITY] {
        for sample in [Sample { abscissa_weight: [weight], ..good }, Sample { ordinate_weight: weight, ..good }] {
            let curve = Through { shape: Line, samples: vec![good, sample] };
            assert_eq!(Orthogonal::new::<T, 2>(curve).err(), Some(ConfigError::NotPositive));
        }
    }
    let status = |samples: Vec<Sample<T>>, start: [f64; 3]| {
        let mut problem = Orthogonal::new(Through { shape: Arch, samples }).unwrap();
        let mut state = StreamedState::new(point(start));
        let Ok(status) = LevenbergMarquardt::default().run(&mut state, &mut problem, 1000);
        status
    };
    assert_eq!(status(vec![], [0.0, 0.0, 1.0]), Status::Stalled(Stall::NoData));
    for broken in [T::NAN, T::INFINITY] {
        let samples = vec![good, Sample::new([broken], T::ONE)];
        assert_eq!(status(samples, [0.0, 0.0, 3.0]), Status::Stalled(Stall::NonFinite));
        let samples = vec![good, Sample::new([T::ONE], broken)];
        assert_eq!(status(samples, [0.0, 0.0, 3.0]), Status::Stalled(Stall::NonFinite));
    }
    // A sample beyond the arch has no ordinate to start from.
    assert_eq!(status(vec![Sample::new([T::TWO], T::ONE)], [0.0, 0.0, 1.0]), Status::Stalled(Stall::NonFinite));
}

#[test]
fn bad_weights_and_samples_are_told() {
    bad::<f32>();
    bad::<f64>();
}

/// Far out on the exponential the error of a step's last rounding exceeds what the step had gained.
#[test]
fn rounding_takes_no_foot_point_beyond_the_vertical_one() {
    let weights = ([5.881_416e-39], 7.690_505e-39_f32);
    let sample = Sample {
        abscissa_weight: weights.0,
        ordinate_weight: weights.1,
        ..Sample::new([2.344_102_2e-38], -1.754_574_3e38)
    };
    let mut problem = Orthogonal::new(Through { shape: Growth, samples: vec![sample] }).unwrap();
    let x = vector![1.164_515e-10, 3_226_402_800.0];
    let Ok(residual) = problem.row(0, &x, &mut SVector::zeros());
    assert!(residual <= 1.754_574_3e38 * weights.1.sqrt() * (1.0 + 4.0 * f32::EPSILON), "{residual:e}");
}

/// A curve that counts its evaluations.
struct Counting(Through<Growth, f64>, Cell<u32>);
impl Curve<f64, 2> for Counting {
    fn rows(&self) -> usize {
        self.0.samples.len()
    }
    fn sample(&self, i: usize) -> Sample<f64> {
        self.0.samples[i]
    }
    fn value<D: Number<Scalar = f64>>(&self, t: &[D; 1], x: &[D; 2]) -> D {
        self.1.set(self.1.get() + 1);
        self.0.shape.shape(t, x)
    }
}

/// Three evaluations beside the steps, and two a step.
#[test]
fn three_to_five_steps_find_a_foot_point() {
    for (spread, mean) in [(0.001, 3.1), (0.01, 3.5), (0.1, 4.5), (0.3, 5.0)] {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        let mut sample = |k: u32| {
            let t = 3.0 * f64::from(k) / 500.0;
            Sample::new([t + noisy(&mut random, spread)], 0.5 * (0.8 * t).exp() + noisy(&mut random, spread))
        };
        let samples: Vec<_> = (0..500).map(&mut sample).collect();
        let mut problem = Orthogonal::new(Counting(through(Growth, &samples), Cell::new(0))).unwrap();
        let start = problem.curve().1.get();
        for i in 0..500 {
            let Ok(_) = problem.row(i, &vector![0.5, 0.8], &mut SVector::zeros());
        }
        let steps = (f64::from(problem.curve().1.get() - start) / 500.0 - 3.0) / 2.0;
        assert!(steps < mean, "{steps} for {spread}");
    }
}

proptest! {
    #![proptest_config(cases())]

    /// At any foot point the derivative by δ vanishes, and no displacement nearby costs less.
    #[test]
    fn the_foot_point_is_stationary(
        t in -2.0..2.0_f64, y in -2.0..4.0_f64, v in 0.01..100.0_f64, w in 0.01..100.0_f64, a in 0.2..2.0_f64, b in -1.5..1.5_f64
    ) {
        let samples = [Sample { abscissa: [t], ordinate: y, abscissa_weight: [v], ordinate_weight: w }];
        let problem = Orthogonal::new(through::<_, f64, 1>(Growth, &samples)).unwrap();
        let ([foot], on) = problem.foot(0, &vector![a, b]);
        let (across, along) = (v * (foot - t), w * (on - y) * a * b * (b * foot).exp());
        prop_assert!((across + along).abs() <= 1e-6 * (across.abs() + along.abs()) + 1e-12, "{} {}", across, along);
        let cost = |at: f64| w * (a * (b * at).exp() - y).powi(2) + v * (at - t).powi(2);
        for beside in [-1e-3, 1e-3] {
            prop_assert!(cost(foot) <= cost(foot + beside) && cost(foot) <= cost(t) * (1.0 + 1e-14));
        }
    }
}
