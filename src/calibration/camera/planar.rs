//! A pose in closed form for a flat target.
//!
//! Rays and points of the target are related by a homography, found by the normalized direct linear transform (Hartley &
//! Zisserman, Multiple View Geometry, algorithm 4.2) from rows folded into a triangle of size 9. Its first two columns are the
//! first two columns of the rotation, its third the translation, up to a common factor (Zhang 2000, §3.1).

use nalgebra::{SMatrix, SVector};

use crate::calibration::camera::lens::Camera;
use crate::calibration::camera::pose::Sighting;
use crate::calibration::camera::rotation::quaternion_from_columns;
use crate::linalg::{self, columns, entries};
use crate::problem::LANES;
use crate::real::Real;
use crate::step::ConfigError;

fn length<T: Real>([a, b, c]: [T; 3]) -> T {
    (a * a + b * b + c * c).sqrt()
}

/// `a + b · factor`.
fn along<T: Real>([a0, a1, a2]: [T; 3], [b0, b1, b2]: [T; 3], factor: T) -> [T; 3] {
    [a0 + b0 * factor, a1 + b1 * factor, a2 + b2 * factor]
}

/// Where the target is moved to: centre, and one over the mean distance from it.
fn frame<T: Real>(sightings: &[Sighting<T>]) -> ([T; 2], T) {
    let count = T::of_usize(sightings.len());
    let (sx, sy) = sightings.iter().fold((T::ZERO, T::ZERO), |(x, y), s| (x + s.target[0], y + s.target[1]));
    let (x, y) = (sx / count, sy / count);
    let spread = sightings.iter().fold(T::ZERO, |sum, s| sum + (s.target[0] - x).hypot(s.target[1] - y));
    ([x, y], count / spread)
}

/// The columns of the homography from the moved target to rays, up to a factor.
fn homography<T: Real>(
    camera: &Camera<T>,
    sightings: &[Sighting<T>],
    [cx, cy]: [T; 2],
    scale: T,
) -> Result<[[T; 3]; 3], ConfigError> {
    let (mut triangle, mut unused): (SMatrix<T, 9, 9>, SVector<T, 9>) = (linalg::zeros(), linalg::zeros());
    let (zero, one) = (T::ZERO, T::ONE);
    for sighting in sightings {
        let (p, q) = ((sighting.target[0] - cx) * scale, (sighting.target[1] - cy) * scale);
        let [x, y] = camera.ray(sighting.pixel);
        if !(p.is_finite() && q.is_finite() && x.is_finite() && y.is_finite()) {
            return Err(ConfigError::Dependent);
        }
        let mut rows = [linalg::zeros(); LANES];
        rows[0] = SVector::from([p, q, one, zero, zero, zero, -x * p, -x * q, -x]);
        rows[1] = SVector::from([zero, zero, zero, p, q, one, -y * p, -y * q, -y]);
        linalg::append_rows(&mut triangle, &mut unused, &mut rows, &mut [zero; LANES]);
    }
    let l = columns(&triangle);
    let svd = linalg::svd::<T, 9>(linalg::matrix(|i, j| if i <= j { l[i][j] } else { zero }));
    let (mut smallest, mut second, mut largest) = (T::INFINITY, T::INFINITY, zero);
    let mut h = [T::NAN; 9];
    for (&value, direction) in entries(&svd.values).iter().zip(columns(&svd.v)) {
        largest = largest.max(value);
        if value < smallest {
            (smallest, second) = (value, smallest);
            h = *direction;
        } else {
            second = second.min(value);
        }
    }
    if !(second > T::of_f64(16.0 * 9.0) * T::EPSILON * largest && largest.is_finite()) {
        return Err(ConfigError::Dependent);
    }
    let [h00, h01, h02, h10, h11, h12, h20, h21, h22] = h;
    Ok([[h00, h10, h20], [h01, h11, h21], [h02, h12, h22]])
}

pub(super) fn pose<T: Real>(camera: &Camera<T>, sightings: &[Sighting<T>]) -> Result<SVector<T, 7>, ConfigError> {
    let ([cx, cy], scale) = frame(sightings);
    let [first, second, third] = homography(camera, sightings, [cx, cy], scale)?;
    let (first, second) = (first.map(|h| h * scale), second.map(|h| h * scale));
    // The centre of the target lies in front of the camera.
    let factor = (T::TWO / (length(first) + length(second))).copysign(third[2]);
    let origin = along(along(third, first, -cx), second, -cy).map(|h| h * factor);
    // Vectors of like length have an orthogonal sum and difference: those are kept, normalized.
    let (sum, difference) = (along(first, second, T::ONE), along(first, second, -T::ONE));
    let half = T::of_f64(core::f64::consts::FRAC_1_SQRT_2).copysign(factor);
    let sum = sum.map(|s| s * half / length(sum));
    let difference = difference.map(|d| d * half / length(difference));
    let (x, y) = (along(sum, difference, T::ONE), along(sum, difference, -T::ONE));
    let z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
    let [q0, q1, q2, q3] = quaternion_from_columns([x, y, z]);
    let [t0, t1, t2] = origin;
    let pose = SVector::from([q0, q1, q2, q3, t0, t1, t2]);
    if linalg::all_finite(&pose) { Ok(pose) } else { Err(ConfigError::Dependent) }
}
