//! Cameras: rotations, lens, poses of simulated and real views, joint calibrations with published answers.

use nalgebra::{SVector, UnitQuaternion, Vector3};
use thalweg::calibration::camera::{
    Camera, MOTION, Sighting, View, quaternion_from_vector, rotate, rotate_by_vector, vector_from_quaternion,
};
use thalweg::least_squares::{Everywhere, LevenbergMarquardt, StreamedState};
use thalweg::problem::{Dual, Forward, Loss, Robust, Rows, Stacked, Tangent, VectorModel, VectorRows};
use thalweg::{ConfigError, Method, Number, Real, Stall, Status};

use crate::problems::{distance, wide};
use crate::reference;

/// Rotation vectors of every size, the switches between series and closed form among them.
fn vectors() -> Vec<[f64; 3]> {
    let axis = [0.36, -0.48, 0.8];
    let angles = [0.0, 1e-160, 1e-12, 1e-5, 0.0999, 0.1001, 0.1999, 0.2001, 0.3999, 0.4001, 1.0, 2.0, 3.0, 3.1];
    angles.iter().flat_map(|a| [axis.map(|c| c * a), [0.0, -*a, 0.0]]).collect()
}

#[test]
fn rotations_agree_with_quaternions() {
    for w in vectors() {
        let exact = UnitQuaternion::from_scaled_axis(Vector3::from(w));
        let q: [f64; 4] = quaternion_from_vector(w);
        for (a, b) in q.iter().zip([exact.w, exact.i, exact.j, exact.k]) {
            assert!((a - b).abs() < 1e-15, "{w:?}: {a} {b}");
        }
        let p = [0.3, -2.0, 1.1];
        let turned = exact * Vector3::from(p);
        for found in [rotate(q, p), rotate_by_vector(w, p)] {
            assert!((Vector3::from(found) - turned).amax() < 4e-15, "{w:?}");
        }
        // A quaternion and its negative are one rotation, of any length.
        for scale in [1.0, -1.0, 0.125] {
            let back: [f64; 3] = vector_from_quaternion(q.map(|q| q * scale));
            for (a, b) in back.iter().zip(w) {
                assert!((a - b).abs() <= 2e-15 * b.abs().max(1e-300) + 1e-15 * Vector3::from(w).norm(), "{a} {b}");
            }
        }
    }
}

/// Derivatives by dual numbers are those of central differences, where the angle is zero too.
#[test]
fn rotations_are_smooth() {
    let p = [0.3, -2.0, 1.1];
    let spacing = 1e-5;
    for w in vectors() {
        let duals: [Dual<f64, 3>; 3] = core::array::from_fn(|j| Dual::variable(w[j], j));
        let turned = rotate_by_vector(duals, p.map(Dual::constant));
        let quaternion = quaternion_from_vector(duals);
        let back = vector_from_quaternion(quaternion);
        for j in 0..3 {
            let moved = |by: f64| core::array::from_fn::<f64, 3, _>(|k| w[k] + if j == k { by } else { 0.0 });
            let (above, below) = (moved(spacing), moved(-spacing));
            let slope = |f: &dyn Fn([f64; 3]) -> f64| (f(above) - f(below)) / (2.0 * spacing);
            for i in 0..3 {
                let expected = slope(&|w| rotate_by_vector(w, p)[i]);
                assert!((turned[i].gradient[j] - expected).abs() < 1e-9, "{w:?}");
                assert!((back[i].gradient[j] - f64::from(u8::from(i == j))).abs() < 1e-8, "{w:?} {back:?}");
            }
            for i in 0..4 {
                let expected = slope(&|w| quaternion_from_vector(w)[i]);
                assert!((quaternion[i].gradient[j] - expected).abs() < 1e-9, "{w:?}");
            }
        }
    }
}

fn lens<T: Real>() -> Camera<T> {
    Camera {
        focal: [800.0, 790.0].map(T::of_f64),
        skew: T::of_f64(0.4),
        centre: [322.0, 238.0].map(T::of_f64),
        radial: [-0.25, 0.12, -0.02].map(T::of_f64),
        tangential: [1e-3, -7e-4].map(T::of_f64),
    }
}

#[test]
fn the_lens_is_the_formula() {
    let (x, y): (f64, f64) = (0.31, -0.22);
    let r2 = x * x + y * y;
    let radial = 1.0 - 0.25 * r2 + 0.12 * r2.powi(2) - 0.02 * r2.powi(3);
    let bent_x = x * radial + 2.0 * 1e-3 * x * y - 7e-4 * (r2 + 2.0 * x * x);
    let bent_y = y * radial + 1e-3 * (r2 + 2.0 * y * y) - 2.0 * 7e-4 * x * y;
    let expected = [800.0 * bent_x + 0.4 * bent_y + 322.0, 790.0 * bent_y + 238.0];
    let pixel = lens::<f64>().project([x * 3.0, y * 3.0, 3.0]);
    assert!((pixel[0] - expected[0]).abs() + (pixel[1] - expected[1]).abs() < 1e-12);
    let back = lens::<f64>().ray(pixel);
    assert!((back[0] - x).abs() + (back[1] - y).abs() < 1e-14, "{back:?}");
    let back = lens::<f32>().ray(pixel.map(|p| p as f32));
    assert!((f64::from(back[0]) - x).abs() + (f64::from(back[1]) - y).abs() < 1e-6, "{back:?}");
}

#[test]
fn what_has_no_image_has_no_number() {
    for z in [0.0, -1.0, f64::NAN] {
        assert!(lens::<f64>().project([0.1, 0.1, z]).iter().all(|p| p.is_nan()));
    }
    // A strong barrel never bends a ray this far out.
    let barrel: Camera<f64> = Camera { radial: [-0.3, 0.0, 0.0], ..Camera::pinhole([100.0, 100.0], [0.0, 0.0]) };
    assert!(barrel.ray([300.0, 0.0])[0].is_nan());
    assert!(barrel.ray([f64::NAN, 0.0])[0].is_nan());
}

/// A grid of `side` by `side` points, bent out of its plane by `depth`.
fn grid(side: usize, depth: f64) -> Vec<[f64; 3]> {
    let point = |k: usize| [(k % side) as f64, (k / side) as f64 * 0.8, depth * ((k * k) % 5) as f64];
    (0..side * side).map(point).collect()
}

fn seen<T: Real>(points: &[[f64; 3]], w: [f64; 3], t: [f64; 3], noise: f64) -> Vec<Sighting<T>> {
    let sighting = |(k, p): (usize, &[f64; 3])| {
        let turned = rotate_by_vector(w, *p);
        let pixel = lens::<f64>().project(core::array::from_fn(|i| turned[i] + t[i]));
        let error = |k: usize| noise * ((k * 7919 % 13) as f64 / 6.0 - 1.0);
        Sighting { target: p.map(T::of_f64), pixel: [pixel[0] + error(k), pixel[1] + error(k + 5)].map(T::of_f64) }
    };
    points.iter().enumerate().map(sighting).collect()
}

/// The truth as a pose, the quaternion with `w ≥ 0`.
fn truth(w: [f64; 3], t: [f64; 3]) -> SVector<f64, 7> {
    let [a, b, c, d] = quaternion_from_vector(w);
    SVector::from([a, b, c, d, t[0], t[1], t[2]])
}

fn with_positive_w<T: Real>(x: &SVector<T, 7>) -> SVector<f64, 7> {
    let mut x = wide(x);
    if x[0] < 0.0 {
        x.fixed_rows_mut::<4>(0).neg_mut();
    }
    x
}

const POSES: [([f64; 3], [f64; 3]); 4] = [
    ([0.0, 0.0, 0.0], [-1.5, -1.0, 9.0]),
    ([0.4, -0.5, 0.3], [-2.0, 1.0, 12.0]),
    ([2.8, 0.2, -0.4], [-1.0, 2.0, 10.0]),
    ([-0.6, 0.1, 1.9], [1.0, -2.0, 8.0]),
];

/// From the closed form, and to the truth.
fn simulated<T: Real>(start_limit: f64, limit: f64) {
    for (w, t) in POSES {
        let sightings = seen::<T>(&grid(5, 0.0), w, t, 0.0);
        let view = View { camera: lens(), sightings: &sightings };
        let start = view.planar_start().unwrap();
        assert!(distance(&truth(w, t), &with_positive_w(&start)) < start_limit, "{start} {}", truth(w, t));
        let far = SVector::<f64, 7>::from_fn(|j, _| start[j].to_f64() + if j < 4 { 0.15 } else { 0.5 });
        for start in [wide(&start), far] {
            let mut fit: StreamedState<T, 6, _, 7> = StreamedState::new(start.map(T::of_f64));
            let method = LevenbergMarquardt::default().within(MOTION);
            let Ok(status) = method.run(&mut fit, &mut Stacked::<_, 2>(view), 100_000);
            // Exact data leave nothing but rounding, which may have the last word.
            assert!(status != Status::Running);
            assert!(distance(&truth(w, t), &with_positive_w(fit.x())) < limit, "{} {}", fit.x(), truth(w, t));
        }
    }
}

#[test]
fn simulated_views_give_their_pose() {
    simulated::<f64>(1e-12, 1e-12);
    simulated::<f32>(2e-4, 2e-5);
}

/// A target with depth needs a rough start only.
#[test]
fn a_rough_start_is_enough_for_a_solid_target() {
    for (w, t) in POSES {
        let sightings = seen::<f64>(&grid(4, 0.3), w, t, 0.0);
        let [a, b, c] = w.map(|angle| angle * 0.7);
        let mut fit: StreamedState<f64, 6, _, 7> = StreamedState::new(truth([a, b, c], [0.0, 0.0, 15.0]));
        let view = View { camera: lens(), sightings: &sightings };
        let Ok(status) =
            LevenbergMarquardt::default().within(MOTION).run(&mut fit, &mut Stacked::<_, 2>(view), 100_000);
        assert!(matches!(status, Status::Converged(_)), "{status:?}");
        assert!(distance(&truth(w, t), &with_positive_w(fit.x())) < 1e-11, "{}", fit.x());
    }
}

/// The same view written over numbers, by quaternion coordinates.
struct Twin<'a>(View<'a, f64>);

impl VectorModel<f64, 2, 7> for Twin<'_> {
    fn rows(&self) -> usize {
        self.0.sightings.len()
    }

    fn residuals<D: Number<Scalar = f64>>(&self, i: usize, &[w, x, y, z, a, b, c]: &[D; 7]) -> [D; 2] {
        let Sighting { target, pixel } = self.0.sightings[i];
        let [p, q, s] = rotate([w, x, y, z], target.map(D::constant));
        let [u, v] = self.0.camera.constant::<D>().project([p + a, q + b, s + c]);
        [u.offset(-pixel[0]), v.offset(-pixel[1])]
    }
}

#[test]
fn slopes_along_the_motion_are_those_of_dual_numbers() {
    let (w, t) = POSES[1];
    let sightings = seen::<f64>(&grid(3, 0.4), w, t, 3.0);
    let view = View { camera: lens(), sightings: &sightings };
    let x = truth([0.3, -0.4, 0.2], t);
    let mut twin = Tangent::new(Stacked::<_, 2>(Forward(Twin(view))), MOTION);
    let mut rows = Stacked::<_, 2>(view);
    for i in 0..18 {
        let (mut expected, mut found) = (SVector::zeros(), SVector::zeros());
        let Ok(r) = Rows::<f64, 6, 7>::row(&mut twin, i, &x, &mut expected);
        let Ok(s) = Rows::<f64, 6, 7>::row(&mut rows, i, &x, &mut found);
        assert!((r - s).abs() < 1e-12 && (expected - found).amax() < 1e-11, "{expected} {found}");
    }
    let (mut r, mut g) = (SVector::zeros(), [SVector::zeros(); 2]);
    let Ok(()) = VectorRows::row(&mut rows.0, 99, &x, &mut r, &mut g);
    assert!(r.iter().all(|r| r.is_nan()), "a row that does not exist");
}

/// A third of the corners are elsewhere.
#[test]
fn a_robust_loss_works_around_a_view() {
    let (w, t) = POSES[1];
    let mut sightings = seen::<f64>(&grid(6, 0.0), w, t, 0.05);
    for (k, sighting) in sightings.iter_mut().enumerate().filter(|(k, _)| k % 3 == 1) {
        sighting.pixel[0] += 20.0 + 3.0 * k as f64;
    }
    let rows = Stacked::<_, 2>(View { camera: lens(), sightings: &sightings });
    let start = truth([0.3, -0.4, 0.2], [-1.8, 1.2, 12.5]);
    let miss = |problem: &mut dyn FnMut(&mut StreamedState<f64, 6, thalweg::least_squares::SquareRoot, 7>)| {
        let mut fit = StreamedState::new(start);
        problem(&mut fit);
        distance(&truth(w, t), &with_positive_w(fit.x()))
    };
    let method = LevenbergMarquardt::default().within(MOTION);
    let plain = miss(&mut |fit| {
        let Ok(_) = method.run(fit, &mut rows.clone(), 100_000);
    });
    let robust = miss(&mut |fit| {
        let Ok(_) = method.run(fit, &mut Robust::new(rows, Loss::Cauchy, 0.5).unwrap(), 100_000);
    });
    assert!(plain > 0.1 && robust < 2e-3, "{plain} {robust}");
}

#[test]
fn bad_views_end_honestly() {
    let (w, t) = POSES[1];
    let good = seen::<f64>(&grid(3, 0.0), w, t, 0.0);
    let start = |sightings: &[Sighting<f64>]| View { camera: lens(), sightings }.planar_start();
    let line = seen::<f64>(&[0.0, 1.0, 2.0, 3.0, 4.0].map(|k| [k, 0.5 * k, 0.0]), w, t, 0.0);
    let mut poisoned = good.clone();
    poisoned[4].pixel[1] = f64::NAN;
    let same = vec![good[0]; 6];
    for bad in [&[][..], &good[..3], &line, &poisoned, &same] {
        assert_eq!(start(bad).map(|_| ()), Err(ConfigError::Dependent), "{bad:?}");
    }
    let end = |sightings: &[Sighting<f64>], x: SVector<f64, 7>| {
        let mut fit: StreamedState<f64, 6, _, 7> = StreamedState::new(x);
        let mut rows = Stacked::<_, 2>(View { camera: lens(), sightings });
        let Ok(status) = LevenbergMarquardt::default().within(MOTION).run(&mut fit, &mut rows, 100_000);
        (status, fit)
    };
    assert_eq!(end(&[], truth(w, t)).0, Status::Stalled(Stall::NoData));
    assert_eq!(end(&poisoned, truth(w, t)).0, Status::Stalled(Stall::NonFinite));
    assert_eq!(end(&good, truth(w, [0.0, 0.0, -5.0])).0, Status::Stalled(Stall::NonFinite), "behind the camera");
    // One point leaves four directions free, and that can be read.
    let (status, fit) = end(&good[..1], truth([0.3, -0.4, 0.2], t));
    assert!(status != Status::Running);
    assert!(fit.cost() < 1e-18);
    assert_eq!(fit.analyse(&MOTION).rank(), 2);
}

/// One published data set: target points and pixels of each view.
struct Set {
    meta: toml::Table,
    views: Vec<Vec<Sighting<f64>>>,
    starts: Vec<Vec<f64>>,
}

fn set(name: &str) -> Option<Set> {
    let folder = reference::folder("camera")?.join(name);
    let meta = reference::meta(&folder);
    let mut views = vec![Vec::new(); meta["n_views"].as_integer().unwrap() as usize];
    for row in reference::table(&folder.join("points.csv")).1 {
        views[row[0] as usize].push(Sighting { target: [row[1], row[2], 0.0], pixel: [row[3], row[4]] });
    }
    let (header, rows) = reference::table(&folder.join("starts.csv"));
    let starts = (1..header.len()).map(|k| rows.iter().map(|row| row[k]).collect()).collect();
    Some(Set { meta, views, starts })
}

fn zhang<V: Number>(p: &[V]) -> Camera<V> {
    let camera = Camera { skew: p[1], ..Camera::pinhole([p[0], p[2]], [p[3], p[4]]) };
    Camera { radial: [p[5], p[6], V::of(0.0)], ..camera }
}

fn opencv<V: Number>(p: &[V]) -> Camera<V> {
    Camera { radial: [p[4], p[5], p[8]], tangential: [p[6], p[7]], ..Camera::pinhole([p[0], p[1]], [p[2], p[3]]) }
}

/// With the reference intrinsics, each view by itself has the reference pose: relative errors of rotation and translation.
fn poses<T: Real>(set: &Set, camera: Camera<f64>, intrinsics: usize, limit: f64) {
    let params = reference::numbers(&set.meta, "reference", "params");
    for (view, pose) in set.views.iter().zip(params[intrinsics..].chunks(6)) {
        let narrow = |s: &Sighting<f64>| Sighting { target: s.target.map(T::of_f64), pixel: s.pixel.map(T::of_f64) };
        let sightings: Vec<_> = view.iter().map(narrow).collect();
        let camera = Camera {
            focal: camera.focal.map(T::of_f64),
            skew: T::of_f64(camera.skew),
            centre: camera.centre.map(T::of_f64),
            radial: camera.radial.map(T::of_f64),
            tangential: camera.tangential.map(T::of_f64),
        };
        let view = View { camera, sightings: &sightings };
        let mut fit: StreamedState<T, 6, _, 7> = StreamedState::new(view.planar_start().unwrap());
        let start = *fit.x();
        let Ok(status) =
            LevenbergMarquardt::default().within(MOTION).run(&mut fit, &mut Stacked::<_, 2>(view), 1_000_000);
        assert!(matches!(status, Status::Converged(_)), "{status:?}");
        let error = |x: &SVector<f64, 7>| {
            let turned = Vector3::from(vector_from_quaternion([x[0], x[1], x[2], x[3]]));
            let (w, t) = (Vector3::from_row_slice(&pose[..3]), Vector3::from_row_slice(&pose[3..]));
            ((turned - w).norm() / w.norm()).max((x.fixed_rows::<3>(4) - t).norm() / t.norm())
        };
        let (rough, fine) = (error(&wide(&start)), error(&wide(fit.x())));
        println!("start {rough:.1e}, pose {fine:.1e}, {} points evaluated", fit.iterations());
        assert!(rough < 0.05 && fine < limit, "{rough:e} {fine:e}");
    }
}

#[test]
fn each_view_has_the_reference_pose() {
    let intrinsics = |set: &Set| reference::numbers(&set.meta, "reference", "intrinsics");
    if let Some(set) = set("zhang-5-views") {
        poses::<f64>(&set, zhang(&intrinsics(&set)), 7, 1e-9);
        poses::<f32>(&set, zhang(&intrinsics(&set)), 7, 2e-4);
    }
    if let Some(set) = set("stereo-right") {
        poses::<f64>(&set, opencv(&intrinsics(&set)), 9, 1e-9);
        poses::<f32>(&set, opencv(&intrinsics(&set)), 9, 2e-4);
    }
}

/// Lens and all poses at once: `I` intrinsics, then a rotation vector and a translation for each view.
struct Joint<F, const I: usize> {
    sightings: Vec<(usize, Sighting<f64>)>,
    lens: F,
}

/// The lens of its parameters, over any number.
trait Lens {
    fn of<V: Number>(&self, p: &[V]) -> Camera<V>;
}

#[derive(Clone, Copy)]
struct Zhang;
#[derive(Clone, Copy)]
struct OpenCv;

impl Lens for Zhang {
    fn of<V: Number>(&self, p: &[V]) -> Camera<V> {
        zhang(p)
    }
}

impl Lens for OpenCv {
    fn of<V: Number>(&self, p: &[V]) -> Camera<V> {
        opencv(p)
    }
}

impl<F: Lens, const I: usize, const N: usize> VectorModel<f64, 2, N> for Joint<F, I> {
    fn rows(&self) -> usize {
        self.sightings.len()
    }

    fn residuals<D: Number<Scalar = f64>>(&self, i: usize, x: &[D; N]) -> [D; 2] {
        let (view, Sighting { target, pixel }) = self.sightings[i];
        let p = &x[I + 6 * view..I + 6 * view + 6];
        let turned = rotate_by_vector([p[0], p[1], p[2]], target.map(D::constant));
        let [u, v] = self.lens.of(&x[..I]).project([turned[0] + p[3], turned[1] + p[4], turned[2] + p[5]]);
        [u.offset(-pixel[0]), v.offset(-pixel[1])]
    }
}

/// From every start to the reference: cost, intrinsics in standard errors, and standard errors.
fn calibrated<F: Lens + Copy, const I: usize, const N: usize>(set: &Set, lens: F) -> Vec<f64> {
    let numbers = |key| reference::numbers(&set.meta, "reference", key);
    let sse = reference::number(&set.meta["reference"]["sse"]);
    let sightings: Vec<_> =
        set.views.iter().enumerate().flat_map(|(k, view)| view.iter().map(move |s| (k, *s))).collect();
    let mut found = Vec::new();
    for start in &set.starts {
        let mut problem = Stacked::<_, 2>(Forward(Joint::<F, I> { sightings: sightings.clone(), lens }));
        let mut fit = StreamedState::<f64, N>::new(SVector::from_column_slice(start));
        let Ok(status) = LevenbergMarquardt::default().run(&mut fit, &mut problem, 1_000_000);
        println!("{status:?} after {} points, sse {:.15e}", fit.iterations(), 2.0 * fit.cost());
        assert!(matches!(status, Status::Converged(_)), "{status:?}");
        assert!((2.0 * fit.cost() / sse - 1.0).abs() < 1e-9, "{} {sse}", 2.0 * fit.cost());
        let report = fit.analyse(&Everywhere);
        assert_eq!(report.rank(), N);
        let errors = report.standard_errors();
        for ((x, error), (expected, published)) in
            fit.x().iter().zip(errors.iter()).zip(numbers("intrinsics").iter().zip(numbers("intrinsics_std_err")))
        {
            assert!((x - expected).abs() < 1e-6 * published, "{x} {expected} ± {published}");
            assert!((error / published - 1.0).abs() < 1e-7, "{error} {published}");
        }
        found = fit.x().as_slice()[..I].to_vec();
    }
    found
}

/// Zhang's own five views: what he published, to the digits he printed.
#[test]
fn zhangs_calibration() {
    let Some(set) = set("zhang-5-views") else { return };
    let found = calibrated::<_, 7, 37>(&set, Zhang);
    let published = reference::numbers(&set.meta, "published", "intrinsics");
    for (found, published) in found.iter().zip(published) {
        assert!((found / published - 1.0).abs() < 3e-5, "{found} {published}");
    }
}

#[test]
fn the_right_camera_of_a_stereo_pair() {
    let Some(set) = set("stereo-right") else { return };
    calibrated::<_, 9, 87>(&set, OpenCv);
}

#[test]
fn single_precision_turns_too() {
    let w = [0.5_f32, -0.2, 0.1];
    let back: [f32; 3] = vector_from_quaternion(quaternion_from_vector(w));
    assert!(back.iter().zip(w).all(|(a, b)| (a - b).abs() < 1e-7));
}
