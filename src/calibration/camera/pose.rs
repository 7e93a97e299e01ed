//! The pose of one view of a known target.

use core::convert::Infallible;

use nalgebra::SVector;

use crate::calibration::camera::lens::Camera;
use crate::calibration::camera::planar;
use crate::calibration::camera::rotation::rotate;
use crate::least_squares::{Everywhere, Product, Rotation};
use crate::linalg::entries_mut;
use crate::problem::{Dual, Problem, VectorRows};
use crate::real::Real;
use crate::step::ConfigError;

/// Rotations and translations: 7 coordinates, 6 degrees of freedom.
pub type RigidMotion = Product<Rotation, 3, 4, Everywhere, 3, 3>;

/// The domain of a pose: the quaternion `(w, x, y, z)` from target to camera axes, then the target's origin in camera axes.
pub const MOTION: RigidMotion = Product(Rotation, Everywhere);

/// A point of a target, and where it is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sighting<T> {
    /// The point in target axes; its unit of length is that of the pose.
    pub target: [T; 3],
    /// Where it is seen, in pixels.
    pub pixel: [T; 2],
}

/// One view of a known target through a known camera: its residuals are pixels, its parameters a pose on [`MOTION`].
///
/// [`Stacked`](crate::problem::Stacked) makes rows of it, and a robust loss goes around those. A pose that puts a point
/// behind the camera has no residual and is rejected; a start must have all points in front.
///
/// ```
/// use thalweg::{Method, least_squares::{LevenbergMarquardt, StreamedState}, problem::Stacked};
/// use thalweg::calibration::camera::{Camera, MOTION, Sighting, View};
/// let camera = Camera::pinhole([800.0, 800.0], [320.0, 240.0]);
/// let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]; // of a square 10 ahead
/// let seen = corners.map(|[x, y]| Sighting { target: [x, y, 0.0], pixel: camera.project([x, y, 10.0]) });
/// let view = View { camera, sightings: &seen };
/// let mut fit: StreamedState<f64, 6, _, 7> = StreamedState::new(view.planar_start().unwrap());
/// let _ = LevenbergMarquardt::default().within(MOTION).run(&mut fit, &mut Stacked::<_, 2>(view), 100);
/// assert!((fit.x()[6] - 10.0).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View<'a, T> {
    /// The intrinsics.
    pub camera: Camera<T>,
    /// What is seen.
    pub sightings: &'a [Sighting<T>],
}

impl<T: Real> View<'_, T> {
    /// A pose in closed form, if the target lies in its plane `z = 0` (other points are taken as if they did): the homography
    /// by direct linear transform, and the rotation nearest to it. Good enough to start from. Where the target spans few
    /// pixels, a second pose with the mirrored tilt fits nearly as well.
    ///
    /// For another target, start from any pose within some 60° that has the target in front of the camera.
    ///
    /// # Errors
    /// [`ConfigError::Dependent`] if the points do not determine a homography: fewer than four, on a line, not finite, or
    /// seen where no ray of the camera arrives.
    pub fn planar_start(&self) -> Result<SVector<T, 7>, ConfigError> {
        planar::pose(&self.camera, self.sightings)
    }
}

impl<T> Problem for View<'_, T> {
    type Error = Infallible;
}

impl<T: Real> VectorRows<T, 2, 6, 7> for View<'_, T> {
    fn rows(&self) -> usize {
        self.sightings.len()
    }

    fn row(
        &mut self,
        i: usize,
        pose: &SVector<T, 7>,
        r: &mut SVector<T, 2>,
        g: &mut [SVector<T, 6>; 2],
    ) -> Result<(), Infallible> {
        let [[w, x, y, z, tx, ty, tz]] = pose.data.0;
        let Some(&Sighting { target, pixel }) = self.sightings.get(i) else {
            *r = SVector::from([T::NAN; 2]);
            return Ok(());
        };
        let [a, b, c] = rotate([w, x, y, z], target);
        let point = [Dual::variable(a + tx, 0), Dual::variable(b + ty, 1), Dual::variable(c + tz, 2)];
        let seen = self.camera.constant::<Dual<T, 3>>().project(point);
        for (((r, g), seen), pixel) in entries_mut(r).iter_mut().zip(g).zip(seen).zip(pixel) {
            *r = seen.value - pixel;
            // A turn by ω moves the point by R(ω × X), so the slope along ω is X × Rᵀ∇.
            let [p, q, s] = target;
            let [h0, h1, h2] = rotate([w, -x, -y, -z], seen.gradient);
            let [g0, g1, g2] = seen.gradient;
            *g = SVector::from([q * h2 - s * h1, s * h0 - p * h2, p * h1 - q * h0, g0, g1, g2]);
        }
        Ok(())
    }
}
