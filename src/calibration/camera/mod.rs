//! Cameras: a lens with distortion, rotations, and the pose of a view of a known target.
//!
//! A camera looks along its third axis, pixels count to the right and down. Rotations turn target axes into camera axes.
//!
//! * [`Camera`] is the lens: focal lengths, principal point, radial and tangential distortion.
//! * [`View`] is a problem whose solution is the pose of one view; [`View::planar_start`] gives a start for a flat target.
//! * [`rotate`] and its companions turn vectors, by quaternion or rotation vector, over any [`Number`](crate::Number): a
//!   joint calibration of lens and poses is a [`VectorModel`](crate::problem::VectorModel) of a few lines.

mod lens;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..9; the link probe proves that no panic is left")]
mod planar;
mod pose;
mod rotation;

pub use lens::Camera;
pub use pose::{MOTION, RigidMotion, Sighting, View};
pub use rotation::{quaternion_from_vector, rotate, rotate_by_vector, vector_from_quaternion};
