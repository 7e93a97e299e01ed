//! Bundle adjustment: the Dubrovnik scene, a deficient one, a dense twin, and the laws of methods.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector, vector};
use thalweg::calibration::bundle_adjustment::{
    BundleAdjustment, BundleState, Bundler, Landmark, Projection, Scene, StoredScene,
};
use thalweg::calibration::camera::Camera;
use thalweg::problem::{Dual, Injected, Problem};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

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

/// Sixteen cameras, 1748 points: the reference cost, from as many iterations as the reference took and a few to make sure.
#[test]
fn dubrovnik() {
    let Some((meta, mut scene, mut fit)) = set::<16, 144>("dubrovnik-16-sub") else { return };
    let (steps, method) = (scene.landmarks.len() as u32, BundleAdjustment::default());
    let Ok(_) = method.run(&mut fit, &mut scene.view(), steps);
    assert!((2.0 * fit.cost() / expected(&meta, "sse_at_start") - 1.0).abs() < 1e-12);
    let mut status = fit.status();
    while status == Status::Running && fit.iterations() < 30 {
        let before = fit.iterations();
        while status == Status::Running && fit.iterations() == before {
            Ok::<_, Infallible>(()).unwrap();
            let Ok(now) = method.step(&mut fit, &mut scene.view());
            status = now;
        }
        println!("{} {:.15e} {:e} {status:?}", fit.iterations(), 2.0 * fit.cost(), fit.damping());
    }
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    let sse = expected(&meta, "sse");
    assert!((2.0 * fit.cost() / sse - 1.0).abs() < 1e-9, "{} {sse}", 2.0 * fit.cost());
}

/// Three cameras, seven points, fewer residuals than parameters: a flat valley without a floor in sight.
#[test]
fn tiny() {
    let Some((meta, mut scene, mut fit)) = set::<3, 27>("tiny-3-7") else { return };
    let method = BundleAdjustment::default();
    let mut below = 0;
    for _ in 0..300 * 14 {
        let Ok(status) = method.step(&mut fit, &mut scene.view());
        if 2.0 * fit.cost() < expected(&meta, "sse_after_50") && below == 0 {
            below = fit.iterations();
        }
        if status != Status::Running {
            break;
        }
    }
    println!("{below} {} {:e} {:?} {:e}", fit.iterations(), fit.cost(), fit.status(), fit.damping());
    assert!(below > 0, "{}", fit.cost());
}
