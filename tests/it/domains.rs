//! Where parameters may lie and how data arrive: manifolds, equality constraints, dense blocks, vectors of residuals.

use nalgebra::{Matrix3, SMatrix, SVector, UnitQuaternion, Vector3, vector};
use thalweg::least_squares::{
    Affine, Bounds, DenseState, Dogleg, Domain, Everywhere, Fit, Gather, GaussNewton, GeodesicLevenbergMarquardt,
    GeodesicState, LevenbergMarquardt, Normal, Product, Rotation, SquareRoot, StreamedState, UnitVector, certify,
};
use thalweg::problem::{
    Counted, Dual, Equations, Forward, LeastSquares, Loss, Model, Prior, Robust, Rows, Stacked, Tangent, VectorModel,
    dense_fn, row_fn,
};
use thalweg::{ConfigError, Method, Number, Real, Stall, Status};

use crate::problems::{Decay, Fours, Linear, distance, point, wide};

/// [`Decay`] all at once.
#[derive(Clone, Copy, Debug)]
pub struct Whole;

impl<T: Real> Equations<T, 9, 3> for Whole {
    fn residuals<D: Number<Scalar = T>>(&self, x: &[D; 3]) -> [D; 9] {
        core::array::from_fn(|i| Decay.residual(i, x))
    }
}

/// [`Decay`] three readings at a time.
#[derive(Clone, Copy, Debug)]
pub struct Triples;

impl<T: Real> VectorModel<T, 3, 3> for Triples {
    fn rows(&self) -> usize {
        3
    }

    fn residuals<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 3]) -> [D; 3] {
        core::array::from_fn(|k| Decay.residual(3 * i + k, x))
    }
}

/// Directions seen before and after an unknown rotation: the residual of component `k` of pair `i` is row `3i + k`.
#[derive(Clone, Debug)]
pub struct Pairs {
    pub before: Vec<[f64; 3]>,
    pub after: Vec<[f64; 3]>,
}

impl Pairs {
    /// Five pairs, turned by `truth` and disturbed.
    pub fn seen() -> (Self, UnitQuaternion<f64>) {
        let truth = UnitQuaternion::from_euler_angles(0.4, -1.1, 2.3);
        let before = vec![[1.0, 0.2, 0.1], [-0.3, 1.1, 0.4], [0.2, -0.5, 0.9], [0.7, 0.7, -0.6], [-0.9, 0.1, 0.8]];
        let noise =
            [[0.02, -0.01, 0.03], [0.0, 0.02, -0.02], [-0.03, 0.01, 0.01], [0.01, 0.0, 0.02], [0.0, -0.02, 0.0]];
        let turn = |(b, n): (&[f64; 3], &[f64; 3])| (truth * Vector3::from(*b) + Vector3::from(*n)).into();
        let after = before.iter().zip(&noise).map(turn).collect();
        (Self { before, after }, truth)
    }
}

/// `q v q*` of a quaternion of any length.
fn turn<D: Number>(q: &[D], v: [D::Scalar; 3]) -> [D; 3] {
    let [w, x, y, z] = [q[0], q[1], q[2], q[3]];
    let two = |d: D| d + d;
    let rows = [
        [w * w + x * x - y * y - z * z, two(x * y - w * z), two(x * z + w * y)],
        [two(x * y + w * z), w * w - x * x + y * y - z * z, two(y * z - w * x)],
        [two(x * z - w * y), two(y * z + w * x), w * w - x * x - y * y + z * z],
    ];
    rows.map(|row| row[0].scale(v[0]) + row[1].scale(v[1]) + row[2].scale(v[2]))
}

impl<T: Real> Model<T, 4> for Pairs {
    fn rows(&self) -> usize {
        3 * self.before.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, row: usize, q: &[D; 4]) -> D {
        let (i, k) = (row / 3, row % 3);
        turn(q, self.before[i].map(T::of_f64))[k].offset(-T::of_f64(self.after[i][k]))
    }
}

/// Solved on any domain, to an end that is not a stall.
fn solved<T: Real, const N: usize, const A: usize, D: Domain<T, N, A>>(
    domain: D,
    mut problem: impl Rows<T, N, A, Error = core::convert::Infallible>,
    start: [f64; A],
) -> SVector<T, A> {
    let mut fit: StreamedState<T, N, SquareRoot, A> = StreamedState::new(point(start));
    let Ok(status) = LevenbergMarquardt::default().within(domain).run(&mut fit, &mut problem, 100_000);
    assert!(matches!(status, Status::Converged(_)), "{status:?} at {}", fit.x());
    let Ok(evidence) = certify(&mut problem, fit.x(), &domain);
    // No residuals have no angle.
    let exact = evidence.cost.to_f64() < 1e-24;
    assert!(exact || evidence.scaled_gradient <= T::of_f64(4.0) * T::SQRT_EPSILON, "{evidence:?}");
    *fit.x()
}

/// Derivatives of the coordinates by the degrees of freedom.
fn tangents<const N: usize, const A: usize>(domain: impl Domain<f64, N, A>, x: [f64; A]) -> SMatrix<f64, A, N> {
    let step: [Dual<f64, N>; N] = core::array::from_fn(|j| Dual::variable(0.0, j));
    let moved = domain.retract(&x, &step);
    assert_eq!(moved.map(|coordinate| coordinate.value), x, "no step leads nowhere");
    SMatrix::from_fn(|i, j| moved[i].gradient[j])
}

#[test]
fn tangents_are_orthonormal() {
    for x in [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [0.6, 0.0, 0.8], [-0.48, 0.6, -0.64], [1.0, 0.0, 0.0]] {
        let basis = tangents(UnitVector, x);
        assert!((basis.transpose() * basis - SMatrix::identity()).amax() < 1e-15);
        assert!((basis.transpose() * SVector::from(x)).amax() < 1e-15);
    }
    let q: SVector<f64, 4> = SVector::from([0.5, -0.5, 0.1, 0.7]);
    let unit: SVector<f64, 4> = q / q.norm();
    let basis = tangents(Rotation, unit.into());
    assert!((basis.transpose() * basis - SMatrix::<f64, 3, 3>::identity() * 0.25).amax() < 1e-15);
}

#[test]
fn a_step_turns_in_the_rotated_frame() {
    let q = UnitQuaternion::from_euler_angles(0.3, -0.2, 1.0);
    let coordinates = [q.w, q.i, q.j, q.k];
    let step = [1e-4, -2e-4, 3e-4];
    let moved = Rotation.retract(&coordinates, &step);
    let exact = q * UnitQuaternion::from_scaled_axis(Vector3::from(step));
    for (a, b) in moved.iter().zip([exact.w, exact.i, exact.j, exact.k]) {
        assert!((a - b).abs() < 1e-11, "{a} {b}");
    }
}

/// Wahba's problem: the best rotation is `U diag(1, 1, det UVᵀ) Vᵀ` of the correlation matrix (Markley 1988).
fn wahba<T: Real>(limit: f64) {
    let (pairs, _) = Pairs::seen();
    let correlation = pairs
        .before
        .iter()
        .zip(&pairs.after)
        .fold(Matrix3::zeros(), |sum, (b, a)| sum + Vector3::from(*a) * Vector3::from(*b).transpose());
    let svd = correlation.svd(true, true);
    let (u, v) = (svd.u.unwrap(), svd.v_t.unwrap());
    let best = u * Matrix3::from_diagonal(&vector![1.0, 1.0, (u * v).determinant()]) * v;
    for start in [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 3.0, 4.0], [0.1, -0.9, 0.3, 0.2]] {
        let q = wide(&solved::<T, 3, 4, _>(Rotation, Tangent::new(Forward(pairs.clone()), Rotation), start));
        assert!((q.norm() - 1.0).abs() < 4.0 * T::EPSILON.to_f64());
        for b in &pairs.before {
            let found = Vector3::from(turn(q.as_slice(), *b));
            assert!((found - best * Vector3::from(*b)).norm() < limit, "{found} from {start:?}");
        }
    }
}

#[test]
fn rotations_solve_wahbas_problem() {
    wahba::<f64>(1e-9);
    wahba::<f32>(1e-5);
}

/// Each factor of a product is checked.
#[test]
fn an_empty_factor_makes_an_empty_product() {
    let crossed = Bounds::new(vector![0.0, 2.0], vector![1.0, 1.0]);
    let (first, second) =
        (Product::<_, 2, 2, _, 1, 1>(crossed, Everywhere), Product::<_, 1, 1, _, 2, 2>(Everywhere, crossed));
    assert_eq!(Domain::<f64, 3, 3>::validate(&first), Err(ConfigError::Bounds));
    assert_eq!(Domain::<f64, 3, 3>::validate(&second), Err(ConfigError::Bounds));
}

/// A rotation and a translation at once, by a product, with a prior on the translation.
#[test]
fn rigid_motions_are_products() {
    #[derive(Clone)]
    struct Moved(Pairs);
    impl Model<f64, 7> for Moved {
        fn rows(&self) -> usize {
            Model::<f64, 4>::rows(&self.0)
        }
        fn residual<D: Number<Scalar = f64>>(&self, row: usize, x: &[D; 7]) -> D {
            turn(&x[..4], self.0.before[row / 3])[row % 3] + x[4 + row % 3] - D::of(self.0.after[row / 3][row % 3])
        }
    }
    let (mut pairs, truth) = Pairs::seen();
    let shift = Vector3::new(5.0, -3.0, 0.5);
    pairs.after = pairs.before.iter().map(|b| (truth * Vector3::from(*b) + shift).into()).collect();
    let motion = Product::<_, 3, 4, _, 3, 3>(Rotation, Everywhere);
    let start = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let x = solved::<f64, 6, 7, _>(motion, Tangent::new(Forward(Moved(pairs.clone())), motion), start);
    assert!((Vector3::new(x[4], x[5], x[6]) - shift).amax() < 1e-9);
    // A box on the translation holds it, and the rotation does what it can.
    let boxed = Product::<_, 3, 4, _, 3, 3>(Rotation, Bounds::new(vector![-9.0, -9.0, -9.0], vector![4.0, 9.0, 9.0]));
    let x = solved::<f64, 6, 7, _>(boxed, Tangent::new(Forward(Moved(pairs.clone())), boxed), start);
    assert_eq!(x[4], 4.0);
    assert!((x[5] - shift[1]).abs() < 0.5 && (x[5] - shift[1]).abs() > 1e-6);
    // A prior speaks of coordinates and pulls them.
    let certain = vector![0.0, 0.0, 0.0, 0.0, 1e8, 1e8, 1e8];
    let prior =
        Prior::independent(Forward(Moved(pairs)), vector![0.0, 0.0, 0.0, 0.0, 4.0, 4.0, 4.0], &certain).unwrap();
    let x = solved::<f64, 6, 7, _>(motion, Tangent::new(prior, motion), start);
    assert!((Vector3::new(x[4], x[5], x[6]) - Vector3::repeat(4.0)).amax() < 1e-5);
}

/// The unit vector that minimizes `‖Ax‖` belongs to the smallest singular value.
fn smallest<T: Real>(limit: f64) {
    let a = Matrix3::new(2.0, -1.0, 0.3, 0.4, 1.5, -0.2, 0.1, 0.7, 0.9);
    let svd = a.svd(false, true);
    let best = svd.v_t.unwrap().row(2).transpose(); // values come in descending order
    let rows: Vec<[f64; 3]> = a.row_iter().map(|row| [row[0], row[1], row[2]]).collect();
    let linear = Linear::<T, 3>::of(&rows, &[0.0; 3]);
    let x = wide(&solved::<T, 2, 3, _>(UnitVector, Tangent::new(linear, UnitVector), [0.9, 0.1, -0.1]));
    assert!((best.dot(&x).abs() - 1.0).abs() < limit, "{x}");
}

#[test]
fn unit_vectors_find_the_smallest_singular_vector() {
    smallest::<f64>(1e-12);
    smallest::<f32>(1e-6);
}

/// The stationarity of `½‖Ax - b‖²` under `Cx = d`, as one linear system.
fn constrained<T: Real>(limit: f64) {
    let a = [
        [1.0, 2.0, -1.0, 0.5],
        [0.3, -1.0, 2.0, 1.0],
        [2.0, 0.1, 0.4, -0.7],
        [1.0, 1.0, 1.0, 1.0],
        [0.0, 3.0, -2.0, 0.2],
    ];
    let b = [1.0, -2.0, 0.5, 3.0, 1.5];
    let (c, d) = (SMatrix::<f64, 2, 4>::new(1.0, 1.0, 1.0, 1.0, 2.0, -1.0, 0.0, 3.0), vector![1.0, -0.5]);
    let rows = SMatrix::<f64, 5, 4>::from_fn(|i, j| a[i][j]);
    let mut kkt = SMatrix::<f64, 6, 6>::zeros();
    kkt.fixed_view_mut::<4, 4>(0, 0).copy_from(&(rows.transpose() * rows));
    kkt.fixed_view_mut::<2, 4>(4, 0).copy_from(&c);
    kkt.fixed_view_mut::<4, 2>(0, 4).copy_from(&c.transpose());
    let mut right = SVector::<f64, 6>::zeros();
    right.fixed_rows_mut::<4>(0).copy_from(&(rows.transpose() * SVector::from(b)));
    right.fixed_rows_mut::<2>(4).copy_from(&d);
    let best = kkt.lu().solve(&right).unwrap().fixed_rows::<4>(0).into_owned();

    let domain = Affine::<T, 2, 2, 4>::new(&c.map(T::of_f64), &d.map(T::of_f64)).unwrap();
    let x =
        wide(&solved::<T, 2, 4, _>(domain, Tangent::new(Linear::<T, 4>::of(&a, &b), domain), [9.0, -9.0, 3.0, 0.0]));
    assert!((x - best).amax() < limit, "{x} {best}");
    assert!((c * x - d).amax() < 40.0 * T::EPSILON.to_f64());
}

#[test]
fn equations_hold_and_the_rest_is_optimal() {
    constrained::<f64>(1e-12);
    constrained::<f32>(1e-5);
}

/// Equations that differ by a millionth still leave an orthonormal basis, and hold.
#[test]
fn nearly_dependent_equations_are_kept_apart() {
    let matrix = SMatrix::<f64, 2, 4>::from_row_slice(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0 + 1e-6, 1.0, 1.0 - 3e-6]);
    let value = vector![1.0, 1.0 + 2e-6];
    let domain = Affine::<f64, 2, 2, 4>::new(&matrix, &value).unwrap();
    let mut x = vector![0.3, -0.7, 2.0, 5.0];
    domain.project(&mut x);
    assert!((matrix * x - value).amax() < 1e-14, "{}", matrix * x - value);
    let basis = tangents(domain, x.into());
    assert!((basis.transpose() * basis - SMatrix::identity()).amax() < 1e-15);
    assert!((matrix * basis).amax() < 1e-15, "{}", matrix * basis);
    let moved = domain.retract(&x.into(), &[10.0, -20.0]);
    assert!((matrix * SVector::from(moved) - value).amax() < 1e-13);
}

/// A direction in which coordinates cancel is as large as they are.
#[test]
fn equations_leave_directions_their_size() {
    let domain = Affine::<f64, 1, 1, 2>::new(&SMatrix::from_element(1.0), &vector![2.0]).unwrap();
    assert!((domain.magnitude(&vector![1.0, 1.0])[0] - 2.0_f64.sqrt()).abs() < 1e-15);
}

#[test]
fn equations_must_be_independent() {
    let dependent = |matrix: [[f64; 3]; 2]| {
        Affine::<f64, 2, 1, 3>::new(&SMatrix::from_fn(|i, j| matrix[i][j]), &vector![1.0, 2.0]).map(|_| ())
    };
    assert_eq!(dependent([[1.0, 2.0, 3.0], [1.0, 2.0, 3.1]]), Ok(()));
    for bad in [[[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]], [[0.0; 3]; 2], [[1.0, f64::NAN, 0.0], [0.0, 1.0, 0.0]]] {
        assert_eq!(dependent(bad), Err(ConfigError::Dependent), "{bad:?}");
    }
}

/// What a memory holds in the end.
fn end<T: Real, const N: usize, K, G: Gather<T>>(fit: &Fit<T, N, N, K, G>) -> (Vec<u64>, u32, Status) {
    let bits = fit.x().iter().chain([&fit.cost()]).map(|x| x.to_f64().to_bits()).collect();
    (bits, fit.iterations(), fit.status())
}

/// Data arrive one at a time, as vectors, or all at once: blocks of four are blocks of four.
fn arrivals<T: Real>(limit: f64) {
    let method = LevenbergMarquardt::<T>::default();
    let mut streamed: StreamedState<T, 3> = StreamedState::new(point(Decay::START));
    let mut dense: DenseState<T, 9, 3> = DenseState::from_point(point(Decay::START));
    let mut triples: StreamedState<T, 3> = StreamedState::new(point(Decay::START));
    let Ok(_) = method.run(&mut streamed, &mut Fours(Forward(Decay)), 1000);
    let Ok(_) = method.run(&mut dense, &mut Forward(Whole), 1000);
    let Ok(_) = method.run(&mut triples, &mut Stacked::<_, 3>(Forward(Triples)), 1000);
    // Only what a rejected trial costs differs: a stream ends it early.
    assert!(distance(dense.x(), streamed.x()) < limit);
    assert!(distance(triples.x(), streamed.x()) < limit);
    assert_eq!(triples.samples(), 9);
    let robust = |scale: f64| T::of_f64(scale);
    let mut whole: StreamedState<T, 3> = StreamedState::new(point(Decay::START));
    let mut parts = whole.clone();
    let Ok(_) = method.run(&mut whole, &mut Robust::new(Forward(Decay), Loss::Huber, robust(0.1)).unwrap(), 1000);
    let stacked = Stacked::<_, 3>(Forward(Triples));
    let Ok(_) = method.run(&mut parts, &mut Robust::new(stacked, Loss::Huber, robust(0.1)).unwrap(), 1000);
    assert!(distance(whole.x(), parts.x()) < limit);
}

#[test]
fn it_does_not_matter_how_data_arrive() {
    arrivals::<f64>(1e-9);
    arrivals::<f32>(2e-3);
}

/// A sample of more residuals than a block holds is handed out in parts.
#[test]
fn long_samples_come_in_parts() {
    struct Ramp;
    impl VectorModel<f64, 6, 1> for Ramp {
        fn rows(&self) -> usize {
            2
        }
        fn residuals<D: Number<Scalar = f64>>(&self, i: usize, x: &[D; 1]) -> [D; 6] {
            core::array::from_fn(|k| x[0].scale((6 * i + k) as f64).offset(-1.0))
        }
    }
    let mut stacked = Counted::new(Stacked::<_, 6>(Forward(Ramp)));
    let mut fit = StreamedState::<f64, 1>::new(vector![0.0]);
    let Ok(status) = LevenbergMarquardt::default().run(&mut fit, &mut stacked, 1000);
    assert!(matches!(status, Status::Converged(_)));
    assert_eq!(fit.samples(), 12);
    // Σ k x = Σ k: the mean of k over the mean of k².
    assert!((fit.x()[0] - 66.0 / 506.0).abs() < 1e-15);
    for i in 0..12 {
        let mut g = vector![0.0];
        let Ok(r) = stacked.row(i, &vector![2.0], &mut g);
        assert_eq!((r, g[0]), (2.0 * i as f64 - 1.0, i as f64));
    }
}

/// Every method finds the same minimum with every memory.
fn methods<T: Real>(limit: f64) {
    let mut ends = Vec::new();
    macro_rules! each {
        ($($method:expr),*) => { $(
            let mut streamed: StreamedState<T, 3> = StreamedState::new(point(Decay::START));
            let mut normal: StreamedState<T, 3, Normal> = StreamedState::normal(point(Decay::START));
            let mut dense: DenseState<T, 9, 3, Normal> = DenseState::from_point(point(Decay::START));
            let Ok(_) = $method.run(&mut streamed, &mut Forward(Decay), 10_000);
            let Ok(_) = $method.run(&mut normal, &mut Forward(Decay), 10_000);
            let Ok(_) = $method.run(&mut dense, &mut Forward(Whole), 10_000);
            for (name, fit) in [("streamed", end(&streamed)), ("normal", end(&normal)), ("dense", end(&dense))] {
                assert!(matches!(fit.2, Status::Converged(_)), "{} {name}: {:?}", stringify!($method), fit);
            }
            ends.extend([*streamed.x(), *normal.x(), *dense.x()]);
        )* };
    }
    each!(LevenbergMarquardt::<T>::default(), Dogleg::<T>::default(), GaussNewton::<T>::default());
    for x in &ends {
        assert!(distance(x, &ends[0]) < limit, "{x} {}", ends[0]);
    }
}

#[test]
fn every_method_finds_the_minimum() {
    methods::<f64>(1e-8);
    methods::<f32>(2e-3);
}

/// What only rounding keeps from a bound is put on it, and nothing else.
#[test]
fn bounds_are_met_exactly() {
    let bounds = Bounds::new(vector![-1.0, 0.0], vector![1.0, 1.0]);
    for (from, to) in [
        ([1.0 - f64::EPSILON, f64::EPSILON], [1.0, f64::EPSILON]),
        ([-1.0 + f64::EPSILON, 1.5], [-1.0, 1.0]),
        ([1.0 - 1e-14, -0.5], [1.0 - 1e-14, 0.0]),
    ] {
        let mut x = SVector::from(from);
        bounds.project(&mut x);
        assert_eq!(x, SVector::from(to));
    }
}

/// Gauss-Newton inside a box ends where Levenberg-Marquardt does.
#[test]
fn gauss_newton_knows_bounds() {
    let bounds = Bounds::new(point::<f64, 3>([0.0, 0.0, -1.0]), point([2.5, 10.0, 5.0]));
    let (mut newton, mut marquardt) =
        (StreamedState::<f64, 3>::new(point(Decay::START)), StreamedState::new(point(Decay::START)));
    let Ok(status) = GaussNewton::default().within(bounds).run(&mut newton, &mut Forward(Decay), 10_000);
    assert!(matches!(status, Status::Converged(_)));
    let Ok(_) = LevenbergMarquardt::default().within(bounds).run(&mut marquardt, &mut Forward(Decay), 10_000);
    assert_eq!(newton.x()[0], 2.5);
    assert!(distance(newton.x(), marquardt.x()) < 1e-8);
}

/// A valley along `x₁ = 5 x₀²`, with a slope along it that keeps the residuals from vanishing.
#[derive(Clone, Copy, Debug)]
struct Valley;

impl<T: Real> Equations<T, 3, 2> for Valley {
    fn residuals<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> [D; 3] {
        let across = (x[1] - (x[0] * x[0]).scale(T::of_f64(5.0))).scale(T::of_f64(50.0));
        [across, x[0].offset(-T::ONE), x[1].scale(T::of_f64(0.01))]
    }
}

/// Bent steps follow the valley: the same minimum, from fewer Jacobians.
fn acceleration<T: Real>(limit: f64) {
    let start = point([-1.0, 5.0]);
    let (mut plain, mut count) = (DenseState::<T, 3, 2>::from_point(start), Counted::new(Forward(Valley)));
    let Ok(status) = LevenbergMarquardt::default().run(&mut plain, &mut count, 10_000);
    assert!(matches!(status, Status::Converged(_)), "{status:?} {count:?}");
    let (mut bent, mut fewer) = (GeodesicState::<T, 3, 2>::from_point(start), Counted::new(Forward(Valley)));
    let Ok(status) = GeodesicLevenbergMarquardt::default().run(&mut bent, &mut fewer, 10_000);
    assert!(matches!(status, Status::Converged(_)), "{status:?} {fewer:?} of {count:?} {bent:?}");
    assert!(distance(plain.x(), bent.x()) < limit, "{} {}", plain.x(), bent.x());
    assert!(2 * fewer.gradients < count.gradients, "{} of {}", fewer.gradients, count.gradients);
    assert!(fewer.values < fewer.gradients);
}

#[test]
fn geodesic_acceleration_saves_jacobians() {
    acceleration::<f64>(1e-9);
    acceleration::<f32>(1e-3);
}

/// `x² + c x` from one, where `2‖a‖/‖v‖` is 1 for `c = 0` and 5/9 for `c = 4`: the bend of the first is too much.
#[test]
fn too_much_acceleration_is_left_out() {
    for (c, next) in [(0.0, 0.5), (4.0, 1.0 - 5.0 / 6.0 - 25.0 / 216.0)] {
        let mut asked = Vec::new();
        let mut problem = dense_fn(|x: &SVector<f64, 1>, r: &mut SVector<f64, 1>, j: &mut SMatrix<f64, 1, 1>| {
            asked.push(x[0]);
            (r[0], j[0]) = (x[0] * x[0] + c * x[0], 2.0 * x[0] + c);
        });
        let mut fit = GeodesicState::<f64, 1, 1>::from_point(vector![1.0]);
        let Ok(_) = GeodesicLevenbergMarquardt::default().run(&mut fit, &mut problem, 3);
        let [start, _, trial] = asked[..] else { panic!("{asked:?}") };
        assert!(start == 1.0 && (trial - next).abs() < 1e-12, "{c}: {asked:?}");
    }
}

#[test]
fn geodesic_acceleration_has_ranges() {
    for bad in [0.0, 1.0, -1.0, f64::NAN] {
        let method = GeodesicLevenbergMarquardt { ratio: bad, ..GeodesicLevenbergMarquardt::default() };
        let mut fit = GeodesicState::<f64, 3, 2>::from_point(vector![1.0, 1.0]);
        let Ok(status) = method.run(&mut fit, &mut Forward(Valley), 10);
        assert_eq!(status, Status::Stalled(Stall::Config(ConfigError::Fraction)));
    }
}

/// A full step that fails is followed by a shorter one: on `atan x` every point is new.
#[test]
fn gauss_newton_asks_no_point_twice() {
    for start in [1.5, 3.0, 10.0] {
        let mut asked = Vec::new();
        let mut problem = row_fn(1, |_, x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
            asked.push(x[0]);
            g[0] = 1.0 / (1.0 + x[0] * x[0]);
            x[0].atan()
        });
        let mut fit = StreamedState::new(vector![start]);
        let Ok(status) = GaussNewton::default().run(&mut fit, &mut problem, 100);
        assert!(matches!(status, Status::Converged(_)) && fit.x()[0].abs() < 1e-12, "{status:?}");
        assert!(asked.windows(2).all(|pair| pair[0] != pair[1]), "{asked:?}");
    }
}

/// The first step lies where the path from zero over the Cauchy point to the full step leaves the ball.
#[test]
fn dogleg_steps_lie_on_the_path() {
    let x0 = vector![-1.2, 1.0];
    let (r, j) = (vector![-4.4, 2.2], SMatrix::<f64, 2, 2>::new(24.0, 10.0, -1.0, 0.0));
    let d = SMatrix::<f64, 2, 2>::from_diagonal(&vector![j.column(0).norm(), j.column(1).norm()]);
    let g = j.transpose() * r;
    let descent = -(d * d).try_inverse().unwrap() * g;
    let cauchy = descent * (-g.dot(&descent) / (j * descent).norm_squared());
    let full = -j.try_inverse().unwrap() * r;
    let path = |t: f64| if t < 1.0 { cauchy * t } else { cauchy + (full - cauchy) * (t - 1.0) };
    let mut legs = [false; 2];
    let (short, long) = ((d * cauchy).norm(), (d * full).norm());
    for k in 1..20 {
        let share = f64::from(k) / 10.0;
        let radius = if share < 1.0 { short * share } else { short + (long - short) * (share - 1.0) };
        let method = Dogleg { initial_radius: radius / (d * x0).norm(), ..Dogleg::default() };
        let mut asked = Vec::new();
        let mut problem = dense_fn(|x: &SVector<f64, 2>, r: &mut SVector<f64, 2>, j: &mut SMatrix<f64, 2, 2>| {
            asked.push(*x);
            *r = vector![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]];
            *j = SMatrix::<f64, 2, 2>::new(-20.0 * x[0], 10.0, -1.0, 0.0);
        });
        let mut fit = DenseState::<f64, 2, 2>::from_point(x0);
        let Ok(_) = method.run(&mut fit, &mut problem, 2);
        let (mut low, mut high) = (0.0, 2.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if (d * path(middle)).norm() < radius { low = middle } else { high = middle }
        }
        legs[usize::from(low > 1.0)] = true;
        assert!((asked[1] - x0 - path(low)).norm() < 1e-9, "{k}: {} {}", asked[1] - x0, path(low));
    }
    assert_eq!(legs, [true; 2], "a leg was not tried");
}

/// A limited step that finds half of its promise leaves the radius as it is: here 0.1, with a slope said to be twice the true
/// one.
#[test]
fn a_fair_step_keeps_the_radius() {
    let mut asked = Vec::new();
    let mut problem = row_fn(1, |_, x: &SVector<f64, 1>, g: &mut SVector<f64, 1>| {
        asked.push(x[0]);
        g[0] = -1.0;
        9.0 - 0.5 * (x[0] - 1.0)
    });
    let method = Dogleg { initial_radius: 0.1, ..Dogleg::default() };
    let Ok(_) = method.run(&mut StreamedState::new(vector![1.0]), &mut problem, 6);
    for (k, x) in asked.iter().enumerate() {
        assert!((x - 1.0 - 0.1 * k as f64).abs() < 1e-12, "{asked:?}");
    }
}

/// Rosenbrock's valley from the usual start: Gauss-Newton needs the start, a full step, and one more point.
#[test]
fn gauss_newton_crosses_the_valley_at_once() {
    struct Rosenbrock;
    impl<T: Real> Equations<T, 2, 2> for Rosenbrock {
        fn residuals<D: Number<Scalar = T>>(&self, x: &[D; 2]) -> [D; 2] {
            [(x[1] - x[0] * x[0]).scale(T::of_f64(10.0)), D::of(1.0) - x[0]]
        }
    }
    let mut fit: DenseState<f64, 2, 2> = DenseState::from_point(vector![-1.2, 1.0]);
    let mut problem = Counted::new(Forward(Rosenbrock));
    let Ok(status) = GaussNewton::default().run(&mut fit, &mut problem, 1000);
    assert!(matches!(status, Status::Converged(_)));
    assert_eq!(*fit.x(), vector![1.0, 1.0]);
    assert_eq!(u64::from(fit.iterations()), problem.calls());
    let mut r = SVector::zeros();
    let Ok(()) = LeastSquares::<f64, 2, 2>::residuals(&mut problem, fit.x(), &mut r);
    assert_eq!(r, SVector::<f64, 2>::zeros());
}
