//! What is adjusted: cameras, points, and the pixels that tie them.

use core::convert::Infallible;

use crate::calibration::camera::{Camera, rotate_by_vector};
use crate::problem::Problem;
use crate::real::{Number, Real};

/// A camera with `D` unknown parameters, over any [`Number`].
pub trait Projection<T: Real, const D: usize>: Copy {
    /// The pixel at which a camera sees a point; NaN where it sees none.
    fn pixel<V: Number<Scalar = T>>(&self, camera: &[V; D], point: [V; 3]) -> [V; 2];
}

/// The point in camera axes.
fn moved<V: Number>(rotation: [V; 3], [a, b, c]: [V; 3], point: [V; 3]) -> [V; 3] {
    let [x, y, z] = rotate_by_vector(rotation, point);
    [x + a, y + b, z + c]
}

/// The camera of Bundler and of the collection "Bundle adjustment in the large" (Agarwal et al. 2010, §3), with nine
/// parameters: rotation vector, translation, focal length, `k₁`, `k₂`.
///
/// The point `R X + t` has the image `p = -(x, y)/z`, for the camera looks against its third axis, and the pixel
/// `f (1 + k₁‖p‖² + k₂‖p‖⁴) p`, from the centre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bundler;

impl<T: Real> Projection<T, 9> for Bundler {
    fn pixel<V: Number<Scalar = T>>(&self, camera: &[V; 9], point: [V; 3]) -> [V; 2] {
        let [r0, r1, r2, t0, t1, t2, focal, k1, k2] = *camera;
        let [x, y, z] = moved([r0, r1, r2], [t0, t1, t2], point);
        let (p, q) = (-(x / z), -(y / z));
        let square = p * p + q * q;
        let scale = focal * ((k2 * square + k1) * square).offset(T::ONE);
        [scale * p, scale * q]
    }
}

/// Known intrinsics; the six parameters are the rotation vector and the translation from scene to camera axes.
impl<T: Real> Projection<T, 6> for Camera<T> {
    fn pixel<V: Number<Scalar = T>>(&self, camera: &[V; 6], point: [V; 3]) -> [V; 2] {
        let [r0, r1, r2, t0, t1, t2] = *camera;
        self.constant::<V>().project(moved([r0, r1, r2], [t0, t1, t2], point))
    }
}

/// A point of a scene: the best position and the one on trial, in an order that the
/// [memory](super::BundleState::position) of the method knows.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Landmark<T> {
    pub(super) first: [T; 3],
    pub(super) second: [T; 3],
}

impl<T: Copy> Landmark<T> {
    /// A point at its start.
    #[must_use]
    pub const fn new(position: [T; 3]) -> Self {
        Self { first: position, second: position }
    }
}

/// The problem of bundle adjustment with `C` cameras of `D` parameters: minimize `½ Σ ‖seen(camera, point) - pixel‖²`.
///
/// An implementation *must* answer for any order and repetition of `i`, and *must not* change the number of points during a
/// solve, nor touch the landmarks.
pub trait Scene<T: Real, const C: usize, const D: usize>: Problem {
    /// The kind of camera.
    type Projection: Projection<T, D>;

    /// The kind of camera.
    fn projection(&self) -> Self::Projection;

    /// The number of points.
    fn points(&self) -> usize;

    /// The pixels at which the cameras see point `i`, written to `seen`, `None` for a camera that does not see it.
    ///
    /// # Errors
    /// Whatever keeps the oracle from answering; the method stays where it is and asks again at the next step.
    fn sightings(&mut self, i: usize, seen: &mut [Option<[T; 2]>; C]) -> Result<(), Self::Error>;

    /// Where point `i` is kept; `None` beyond the last one.
    fn landmark(&mut self, i: usize) -> Option<&mut Landmark<T>>;
}

/// A scene in slices: landmark `i` is seen at `sightings[i]`.
#[derive(Debug)]
pub struct StoredScene<'a, T, const C: usize, Q> {
    /// The kind of camera.
    pub projection: Q,
    /// For each point the pixels of the cameras that see it.
    pub sightings: &'a [[Option<[T; 2]>; C]],
    /// The points.
    pub landmarks: &'a mut [Landmark<T>],
}

impl<T, const C: usize, Q> Problem for StoredScene<'_, T, C, Q> {
    type Error = Infallible;
}

impl<T: Real, const C: usize, const D: usize, Q: Projection<T, D>> Scene<T, C, D> for StoredScene<'_, T, C, Q> {
    type Projection = Q;

    fn projection(&self) -> Q {
        self.projection
    }

    fn points(&self) -> usize {
        self.landmarks.len().min(self.sightings.len())
    }

    fn sightings(&mut self, i: usize, seen: &mut [Option<[T; 2]>; C]) -> Result<(), Infallible> {
        *seen = self.sightings.get(i).copied().unwrap_or([None; C]);
        Ok(())
    }

    fn landmark(&mut self, i: usize) -> Option<&mut Landmark<T>> {
        self.landmarks.get_mut(i)
    }
}
