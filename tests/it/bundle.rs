//! Bundle adjustment: the Dubrovnik scene, a deficient one, a dense twin, and the laws of methods.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector};
use thalweg::calibration::bundle_adjustment::{
    BundleAdjustment, BundleState, Bundler, Landmark, Projection, Scene, StoredScene,
};
use thalweg::calibration::camera::Camera;
use thalweg::problem::{Dual, Injected, Problem};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::laws::Restored;
use crate::reference;

/// A scene that owns its data.
#[derive(Clone, Debug)]
struct Owned<T, const C: usize, Q> {
    projection: Q,
    sightings: Vec<[Option<[T; 2]>; C]>,
    landmarks: Vec<Landmark<T>>,
}

impl<T: Real, const C: usize, Q: Copy> Owned<T, C, Q> {
    fn view(&mut self) -> StoredScene<'_, T, C, Q> {
        StoredScene { projection: self.projection, sightings: &self.sightings, landmarks: &mut self.landmarks }
    }
}

/// A published set: the scene and the start of its cameras.
fn set<const C: usize, const P: usize>(
    name: &str,
) -> Option<(toml::Table, Owned<f64, C, Bundler>, BundleState<f64, C, 9, P>)> {
    let folder = reference::folder("bundle-adjustment")?.join(name);
    let table = |file: &str| reference::table(&folder.join(file)).1;
    let landmarks: Vec<_> =
        table("points_start.csv").iter().map(|row| Landmark::new([row[0], row[1], row[2]])).collect();
    let mut sightings = vec![[None; C]; landmarks.len()];
    for row in table("observations.csv") {
        sightings[row[1] as usize][row[0] as usize] = Some([row[2], row[3]]);
    }
    let cameras: Vec<f64> = table("cameras_start.csv").into_iter().flatten().collect();
    let start = BundleState::new(SVector::from_column_slice(&cameras));
    Some((reference::meta(&folder), Owned { projection: Bundler, sightings, landmarks }, start))
}

fn expected(meta: &toml::Table, key: &str) -> f64 {
    reference::number(&meta["reference"][key])
}

/// Sixteen cameras, 1748 points: the reference cost.
fn dubrovnik<T: Real>(start_limit: f64, limit: f64, iterations: u32) {
    let Some((meta, wide, start)) = set::<16, 144>("dubrovnik-16-sub") else { return };
    let narrow = |position: [f64; 3]| Landmark::new(position.map(T::of_f64));
    let mut scene = Owned {
        projection: Bundler,
        sightings: wide.sightings.iter().map(|seen| seen.map(|pixel| pixel.map(|p| p.map(T::of_f64)))).collect(),
        landmarks: wide.landmarks.iter().map(|landmark| narrow(start.position(landmark))).collect(),
    };
    let mut fit = BundleState::<T, 16, 9, 144>::new(start.x().map(T::of_f64));
    // Little damping, because a pass takes seconds without optimization.
    let method = BundleAdjustment { damping: T::of_f64(1e-6), ..BundleAdjustment::default() };
    let error = |fit: &BundleState<T, 16, 9, 144>, key| 2.0 * fit.cost().to_f64() / expected(&meta, key) - 1.0;
    let points = scene.landmarks.len() as u32;
    let Ok(_) = method.run(&mut fit, &mut scene.view(), points);
    assert!(error(&fit, "sse_at_start").abs() < start_limit);
    let Ok(status) = method.run(&mut fit, &mut scene.view(), 2 * iterations * points);
    println!("{status:?} after {} iterations, error {:e}", fit.iterations(), error(&fit, "sse"));
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    assert!(error(&fit, "sse").abs() < limit && fit.iterations() <= iterations);
}

#[test]
fn dubrovnik_in_double_precision() {
    dubrovnik::<f64>(1e-12, 1e-12, 12);
}

#[test]
fn dubrovnik_in_single_precision() {
    dubrovnik::<f32>(1e-5, 1e-5, 12);
}

/// Three cameras, seven points, fewer residuals than parameters: a flat valley that leads to a cost of nothing but rounding.
#[test]
fn tiny() {
    let Some((meta, mut scene, mut fit)) = set::<3, 27>("tiny-3-7") else { return };
    let method = BundleAdjustment::default();
    while 2.0 * fit.cost() >= expected(&meta, "sse_after_50") {
        let Ok(status) = method.step(&mut fit, &mut scene.view());
        assert_eq!(status, Status::Running);
    }
    assert!(fit.iterations() <= 50, "{}", fit.iterations());
    let Ok(status) = method.run(&mut fit, &mut scene.view(), 100_000);
    println!("{status:?} after {} iterations: {:e}", fit.iterations(), 2.0 * fit.cost());
    assert!(2.0 * fit.cost() < 1e-22, "{}", fit.cost());
    assert!(matches!(status, Status::Stalled(Stall::NoDescent) | Status::Converged(_)), "{status:?}");
}

/// Three cameras of known intrinsics around seven points, one of which only two cameras see, with errors of up to `noise`
/// pixels; the starts are off by a tenth.
fn small<T: Real>(noise: f64) -> (Owned<T, 3, Camera<T>>, SVector<T, 18>) {
    let lens = Camera {
        radial: [-0.1, 0.02, 0.0],
        tangential: [1e-3, -2e-3],
        ..Camera::pinhole([500.0, 510.0], [320.0, 240.0])
    };
    let cameras =
        [[0.1, -0.3, 0.05, 0.5, 0.2, 8.0], [-0.2, 0.4, 0.1, -0.7, 0.1, 9.0], [0.3, 0.1, -0.2, 0.1, -0.6, 7.5]];
    let points = [
        [0.0, 0.0, 0.0],
        [1.5, 0.2, 0.3],
        [-1.2, 1.0, -0.4],
        [0.4, -1.3, 0.8],
        [-0.9, -0.8, 0.5],
        [1.1, 1.2, -0.7],
        [-0.3, 0.9, 1.2],
    ];
    let wobble = |k: usize| (k * 7919 % 17) as f64 / 8.0 - 1.0;
    let sightings = points.iter().enumerate().map(|(i, point)| {
        core::array::from_fn(|c| {
            let [u, v] = lens.pixel(&cameras[c], *point);
            let error = |k: usize| noise * wobble(6 * i + 2 * c + k);
            (i != 4 || c != 1).then(|| [u + error(0), v + error(1)].map(T::of_f64))
        })
    });
    let landmarks = points
        .iter()
        .enumerate()
        .map(|(i, point)| Landmark::new(core::array::from_fn(|k| T::of_f64(point[k] + 0.1 * wobble(3 * i + k + 40)))));
    let start = SVector::from_fn(|j, _| T::of_f64(cameras[j / 6][j % 6] + 0.05 * wobble(j + 90)));
    let narrow = |a: [f64; 3]| a.map(T::of_f64);
    let projection = Camera {
        focal: lens.focal.map(T::of_f64),
        skew: T::ZERO,
        centre: lens.centre.map(T::of_f64),
        radial: narrow(lens.radial),
        tangential: lens.tangential.map(T::of_f64),
    };
    let scene = Owned { projection, sightings: sightings.collect(), landmarks: landmarks.collect() };
    (scene, start)
}

type Small<T> = BundleState<T, 3, 6, 18>;

/// Residuals and derivatives by all 39 parameters at once.
fn dense(scene: &Owned<f64, 3, Camera<f64>>, x: &SVector<f64, 39>) -> (Vec<f64>, Vec<SVector<f64, 39>>) {
    let variables: [Dual<f64, 39>; 39] = core::array::from_fn(|j| Dual::variable(x[j], j));
    let (mut residuals, mut rows) = (Vec::new(), Vec::new());
    for (i, seen) in scene.sightings.iter().enumerate() {
        for (c, pixel) in seen.iter().enumerate() {
            let Some(pixel) = pixel else { continue };
            let camera: [_; 6] = core::array::from_fn(|k| variables[6 * c + k]);
            let point = core::array::from_fn(|k| variables[18 + 3 * i + k]);
            for (seen, pixel) in scene.projection.pixel(&camera, point).iter().zip(pixel) {
                residuals.push(seen.value - pixel);
                rows.push(SVector::from(seen.gradient));
            }
        }
    }
    (residuals, rows)
}

fn all(fit: &Small<f64>, scene: &Owned<f64, 3, Camera<f64>>) -> SVector<f64, 39> {
    let points: Vec<f64> = scene.landmarks.iter().flat_map(|landmark| fit.position(landmark)).collect();
    SVector::from_fn(|j, _| if j < 18 { fit.x()[j] } else { points[j - 18] })
}

/// The step of the eliminated system is that of the whole one.
#[test]
fn the_schur_step_is_the_dense_step() {
    for damping in [1e-4, 1e-2, 1.0] {
        let (mut scene, start) = small::<f64>(1.0);
        let mut fit = Small::new(start);
        let method = BundleAdjustment { damping, ..BundleAdjustment::default() };
        let before = all(&fit, &scene);
        let Ok(_) = method.run(&mut fit, &mut scene.view(), 14);
        let found = all(&fit, &scene) - before;
        assert!(fit.iterations() == 2 && found.amax() > 1e-3, "one step, accepted");

        let (residuals, rows) = dense(&scene, &before);
        let mut normal = SMatrix::<f64, 39, 39>::zeros();
        let mut gradient = SVector::<f64, 39>::zeros();
        for (r, row) in residuals.iter().zip(&rows) {
            normal += row * row.transpose();
            gradient += row * *r;
        }
        let cost = 0.5 * residuals.iter().map(|r| r * r).sum::<f64>();
        for j in 0..39 {
            normal[(j, j)] *= 1.0 + damping;
        }
        let step = -normal.cholesky().unwrap().solve(&gradient);
        assert!((found - step).norm() < 1e-9 * step.norm(), "{found} {step}");
        let (ahead, _) = dense(&scene, &(before + step));
        let after = 0.5 * ahead.iter().map(|r| r * r).sum::<f64>();
        assert!((fit.cost() / after - 1.0).abs() < 1e-9 && after < cost);
    }
}

/// Exact sightings leave no cost; disturbed ones leave a gradient of nothing.
fn adjusted<T: Real>(exact: f64, angle: f64) {
    let (mut scene, start) = small::<T>(0.0);
    let mut fit = Small::new(start);
    let Ok(status) = BundleAdjustment::default().run(&mut fit, &mut scene.view(), 100_000);
    assert!(status != Status::Running && fit.cost().to_f64() < exact, "{status:?} {}", fit.cost());
    let (mut scene, start) = small::<T>(1.0);
    let mut fit = Small::new(start);
    let Ok(status) = BundleAdjustment::default().run(&mut fit, &mut scene.view(), 100_000);
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    let (twin, _) = small::<f64>(1.0);
    let points: Vec<f64> = scene.landmarks.iter().flat_map(|landmark| fit.position(landmark)).map(T::to_f64).collect();
    let x = SVector::from_fn(|j, _| if j < 18 { fit.x()[j].to_f64() } else { points[j - 18] });
    let (residuals, rows) = dense(&twin, &x);
    let length = residuals.iter().map(|r| r * r).sum::<f64>().sqrt();
    for j in 0..39 {
        let norm = rows.iter().map(|row| row[j] * row[j]).sum::<f64>().sqrt();
        let slope = residuals.iter().zip(&rows).map(|(r, row)| r * row[j]).sum::<f64>();
        assert!(slope.abs() < angle * norm * length, "{j}: {:e}", slope.abs() / norm / length);
    }
    // Seven directions are free: the same cost from elsewhere.
    let (mut scene, start) = small::<T>(1.0);
    let mut other = Small::new(start.map(|x| x * T::of_f64(1.02)));
    let Ok(_) = BundleAdjustment::default().run(&mut other, &mut scene.view(), 100_000);
    assert!((other.cost().to_f64() / fit.cost().to_f64() - 1.0).abs() < 1e3 * T::EPSILON.to_f64());
}

#[test]
fn both_scalars_adjust() {
    adjusted::<f64>(1e-20, 1e-7);
    adjusted::<f32>(1e-5, 1e-3);
}

/// Fails, or answers NaN, at one call; counts them all.
#[derive(Clone)]
struct Watched<T> {
    inner: Owned<T, 3, Camera<T>>,
    calls: u32,
    at: u32,
    nan: bool,
}

impl<T> Problem for Watched<T> {
    type Error = Injected<Infallible>;
}

impl<T: Real> Scene<T, 3, 6> for Watched<T> {
    type Projection = Camera<T>;

    fn projection(&self) -> Camera<T> {
        self.inner.projection
    }

    fn points(&self) -> usize {
        self.inner.landmarks.len()
    }

    fn sightings(&mut self, i: usize, seen: &mut [Option<[T; 2]>; 3]) -> Result<(), Self::Error> {
        self.calls += 1;
        *seen = self.inner.sightings[i];
        if self.calls == self.at {
            if !self.nan {
                return Err(Injected::Fault);
            }
            seen[0] = Some([T::NAN; 2]);
        }
        Ok(())
    }

    fn landmark(&mut self, i: usize) -> Option<&mut Landmark<T>> {
        self.inner.landmarks.get_mut(i)
    }
}

fn watched<T: Real>(at: u32, nan: bool) -> (Watched<T>, Small<T>) {
    let (inner, start) = small(1.0);
    (Watched { inner, calls: 0, at, nan }, Small::new(start))
}

/// The best point and its cost.
fn bits<T: Real>(fit: &Small<T>, scene: &Watched<T>) -> Vec<u64> {
    let points = scene.inner.landmarks.iter().flat_map(|landmark| fit.position(landmark));
    fit.x().iter().copied().chain(points).chain([fit.cost()]).map(|x| x.to_f64().to_bits()).collect()
}

/// The cost at the best point, from a new memory.
fn again<T: Real>(fit: &Small<T>, scene: &Watched<T>) -> T {
    let (mut fresh, _) = watched::<T>(0, false);
    fresh.inner.landmarks = scene.inner.landmarks.iter().map(|l| Landmark::new(fit.position(l))).collect();
    let mut other = Small::new(*fit.x());
    let _ = BundleAdjustment::default().run(&mut other, &mut fresh, 7).unwrap();
    other.cost()
}

fn laws<T: Real>()
where
    Small<T>: Restored,
{
    let method = BundleAdjustment::<T>::default();
    let (mut scene, mut fit) = watched(0, false);
    let (mut steps, mut cost) = (0, T::INFINITY);
    let status = loop {
        let calls = scene.calls;
        let before = bits(&fit, &scene);
        let status = method.step(&mut fit, &mut scene).unwrap();
        steps += 1;
        assert!(steps < 100_000, "no end");
        assert!(scene.calls <= calls + 1, "one call a step");
        assert!(fit.cost() <= cost, "never worse");
        cost = fit.cost();
        if bits(&fit, &scene) != before {
            assert_eq!(again(&fit, &scene), cost, "the cost of another point");
        }
        if status != Status::Running {
            break status;
        }
    };
    let (calls, end) = (scene.calls, bits(&fit, &scene));
    assert_eq!(method.step(&mut fit, &mut scene), Ok(status), "the end is the end");
    assert_eq!((scene.calls, bits(&fit, &scene)), (calls, end.clone()));

    for slice in [1, 2, 5, 64] {
        let (mut scene, mut fit) = watched(0, false);
        while method.run(&mut fit, &mut scene, slice).unwrap() == Status::Running {
            fit = fit.restored();
        }
        assert_eq!((fit.status(), bits(&fit, &scene)), (status, end.clone()), "slices of {slice}");
    }
    for at in 1..=calls {
        let (mut scene, mut fit) = watched(at, false);
        let (mut taken, mut failed) = (0, false);
        loop {
            let before = bits(&fit, &scene);
            match method.step(&mut fit, &mut scene) {
                Err(_) => {
                    assert_eq!(bits(&fit, &scene), before, "the fault at {at} moved the point");
                    failed = true;
                }
                Ok(now) => {
                    taken += 1;
                    if now != Status::Running {
                        break;
                    }
                }
            }
        }
        assert!(failed);
        assert_eq!((fit.status(), bits(&fit, &scene), taken), (status, end.clone(), steps), "after the fault at {at}");
    }
    let (mut scene, mut fit) = watched::<T>(0, false);
    let _ = method.run(&mut fit, &mut scene, 7).unwrap();
    let start = fit.cost();
    for at in 1..=calls {
        let (mut scene, mut fit) = watched(at, true);
        let now = method.run(&mut fit, &mut scene, 1_000_000).unwrap();
        assert!(now != Status::Running, "NaN at {at}: no end");
        if fit.cost() == T::INFINITY {
            assert_eq!(now, Status::Stalled(Stall::NonFinite), "NaN at {at}");
        } else {
            assert!(fit.cost() <= start, "NaN at {at}: worse than the start");
            assert_eq!(again(&fit, &scene), fit.cost(), "NaN at {at}: the cost of another point");
        }
    }
}

#[test]
fn the_laws_of_methods_hold() {
    laws::<f64>();
    laws::<f32>();
}

/// Runs a disturbed scene to its end.
fn end(method: BundleAdjustment<f64>, change: impl FnOnce(&mut Owned<f64, 3, Camera<f64>>)) -> (Status, Small<f64>) {
    let (mut scene, start) = small::<f64>(1.0);
    change(&mut scene);
    let mut fit = Small::new(start);
    let Ok(status) = method.run(&mut fit, &mut scene.view(), 1_000_000);
    (status, fit)
}

#[test]
fn every_end_has_its_inequality() {
    let strict =
        BundleAdjustment { gradient_tolerance: 0.0, decrease_tolerance: 0.0, step_tolerance: 0.0, damping: 1.0 };
    let cases = [
        (BundleAdjustment { gradient_tolerance: 0.1, ..strict }, Status::Converged(Criterion::Gradient)),
        (BundleAdjustment { decrease_tolerance: 0.5, ..strict }, Status::Converged(Criterion::Decrease)),
        (BundleAdjustment { step_tolerance: 0.5, ..strict }, Status::Converged(Criterion::Step)),
        // What is left is judged by rounding.
        (strict, Status::Converged(Criterion::Decrease)),
    ];
    let mut costs = Vec::new();
    for (method, expected) in cases {
        let (status, fit) = end(method, |_| ());
        assert_eq!(status, expected, "{method:?}");
        if expected != Status::Converged(Criterion::Gradient) {
            assert!(fit.damping() <= f64::EPSILON.powf(0.75) * 1.01, "{method:?}: {}", fit.damping());
        }
        costs.push(fit.cost());
    }
    assert!(costs[0] > costs[3], "a loose test ends early: {costs:?}");
}

#[test]
fn bad_scenes_end_honestly() {
    let method = BundleAdjustment::default();
    assert_eq!(end(method, |scene| scene.landmarks.clear()).0, Status::Stalled(Stall::NoData));
    assert_eq!(end(method, |scene| scene.sightings.fill([None; 3])).0, Status::Stalled(Stall::NoData));
    for bad in [f64::NAN, f64::INFINITY] {
        let (status, fit) = end(method, |scene| scene.sightings[3][1] = Some([bad, 0.0]));
        assert_eq!((status, fit.cost()), (Status::Stalled(Stall::NonFinite), f64::INFINITY));
    }
    let (status, _) = end(method, |scene| scene.landmarks[2] = Landmark::new([0.0, 0.0, -50.0]));
    assert_eq!(status, Status::Stalled(Stall::NonFinite), "behind a camera");
    // What nobody sees stays where it was, and does no harm.
    let (status, fit) = end(method, |scene| scene.sightings.iter_mut().for_each(|seen| seen[1] = None));
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    assert_eq!(fit.cameras().nth(1).unwrap()[..], small::<f64>(1.0).1.as_slice()[6..12]);
    // A point that one camera sees has a ray, and no depth.
    let (status, _) = end(method, |scene| scene.sightings[0] = [Some([300.0, 200.0]), None, None]);
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    let ranges = [
        (BundleAdjustment { gradient_tolerance: -1.0, ..method }, ConfigError::Tolerance),
        (BundleAdjustment { decrease_tolerance: f64::NAN, ..method }, ConfigError::Tolerance),
        (BundleAdjustment { step_tolerance: -0.1, ..method }, ConfigError::Tolerance),
        (BundleAdjustment { damping: 0.0, ..method }, ConfigError::NotPositive),
        (BundleAdjustment { damping: f64::INFINITY, ..method }, ConfigError::NotPositive),
    ];
    for (method, error) in ranges {
        assert_eq!(method.validate(), Err(error));
        assert_eq!(end(method, |_| ()).0, Status::Stalled(Stall::Config(error)));
    }
}

/// Bundler's camera looks against its third axis.
#[test]
fn bundlers_camera_is_the_formula() {
    let camera = [0.0, 0.0, 0.0, 0.5, -0.25, -1.0, 800.0, -0.1, 0.05];
    let (p, q): (f64, f64) = (1.5 / 4.0, 1.75 / 4.0);
    let r2 = p * p + q * q;
    let scale = 800.0 * (1.0 - 0.1 * r2 + 0.05 * r2 * r2);
    let [u, v] = Projection::<f64, 9>::pixel(&Bundler, &camera, [1.0, 2.0, -3.0]);
    assert!((u - scale * p).abs() + (v - scale * q).abs() < 1e-12);
}
