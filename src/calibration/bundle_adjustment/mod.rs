//! Bundle adjustment: cameras and points at once, from the pixels at which the cameras see the points.
//!
//! * [`Scene`] is the problem: it hands out the sightings of one point at a time and keeps the points, which stay the
//!   caller's; [`StoredScene`] is one in slices.
//! * [`Projection`] is the camera: [`Bundler`] with nine parameters, or a known [`Camera`](super::camera::Camera) with the six
//!   of its pose.
//! * [`BundleAdjustment`] is the method. The number of cameras is part of its memory's type, that of points is free.

mod method;
mod scene;
mod schur;

pub use method::{BundleAdjustment, BundleState};
pub use scene::{Bundler, Landmark, Projection, Scene, StoredScene};
