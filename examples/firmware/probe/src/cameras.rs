//! Cameras and bundle adjustment.

use nalgebra::SVector;
use thalweg::calibration::bundle_adjustment::{
    BundleAdjustment, BundleState, Bundler, Landmark, Projection, StoredScene,
};
use thalweg::calibration::camera::{
    Camera, MOTION, Sighting, View, quaternion_from_vector, rotate, rotate_by_vector, vector_from_quaternion,
};
use thalweg::least_squares::{Accumulation, LevenbergMarquardt, Normal, SquareRoot, StreamedState};
use thalweg::problem::{Dual, Stacked};
use thalweg::{Method, Number, Real};

use crate::{any, see};

pub fn everything<T: Real>() {
    number(any(T::ONE));
    number(Dual::<T, 3>::variable(any(T::ONE), any(1)));
    pose::<T, SquareRoot>();
    pose::<T, Normal>();
    bundle::<T, Bundler, 2, 9, 18>(any(Bundler));
    bundle::<T, Camera<T>, 3, 6, 18>(any(Camera::pinhole([T::ONE; 2], [T::ZERO; 2])));
}
fn number<D: Number>(x: D) {
    let camera = any(Camera::pinhole([x; 2], [x; 2]));
    see((camera.project(any([x; 3])), camera.distort(any([x; 2]))));
    see((rotate(any([x; 4]), any([x; 3])), rotate_by_vector(any([x; 3]), any([x; 3]))));
    see((quaternion_from_vector(any([x; 3])), vector_from_quaternion(any([x; 4]))));
}
fn pose<T: Real, K: Accumulation>() {
    let camera = any(Camera::pinhole([T::ONE; 2], [T::ZERO; 2]));
    see(camera.ray(any([T::ONE; 2])));
    let sightings = any([Sighting { target: [T::ONE; 3], pixel: [T::ONE; 2] }; 9]);
    let view = any(View { camera, sightings: sightings.get(..any(7)).unwrap_or(&[]) });
    see(view.planar_start());
    let mut fit = any(StreamedState::<T, 6, K, 7>::from_point(any(SVector::repeat(T::ONE))));
    see(LevenbergMarquardt::default().within(MOTION).run(&mut fit, &mut any(Stacked::<_, 2>(view)), any(9)));
    see(fit);
}
fn bundle<T: Real, Q: Projection<T, D>, const C: usize, const D: usize, const P: usize>(projection: Q) {
    let sightings = any([[Some([T::ONE; 2]); C]; 5]);
    let mut landmarks = any([Landmark::new([T::ONE; 3]); 5]);
    let mut scene =
        StoredScene { projection, sightings: sightings.get(..any(4)).unwrap_or(&[]), landmarks: &mut landmarks };
    let method = any(BundleAdjustment::<T>::default());
    see(method.validate());
    let mut fit = any(BundleState::<T, C, D, P>::new(any(SVector::repeat(T::ONE))));
    see(method.step(&mut fit, &mut scene));
    see(method.run(&mut fit, &mut scene, any(9)));
    method.steps(&mut fit, &mut scene).for_each(see);
    see((*fit.x(), fit.cost(), fit.damping(), fit.status(), fit.iterations()));
    fit.cameras().for_each(see);
    see(fit.position(&landmarks[0]));
    see(fit.clone());
    let mut scene = StoredScene {
        projection: any(projection),
        sightings: sightings.get(..any(4)).unwrap_or(&[]),
        landmarks: &mut landmarks,
    };
    see(method.solve(*fit.x(), &mut scene, any(3)).map(|(f, s): (BundleState<T, C, D, P>, _)| (*f.x(), s)));
}
