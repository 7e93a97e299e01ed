//! The lens: a pinhole with radial and tangential distortion.

use crate::problem::Dual;
use crate::real::{Number, Real};

/// A pinhole camera with distortion, over any [`Number`]: known intrinsics, or those being fitted.
///
/// A point `(X, Y, Z)` in front of the camera is seen along the ray `x = X/Z`, `y = Y/Z`, `r² = x² + y²`, which the lens
/// bends to `x (1 + k₁r² + k₂r⁴ + k₃r⁶) + 2p₁xy + p₂(r² + 2x²)` and `y (…) + p₁(r² + 2y²) + 2p₂xy` (Brown, "Decentering
/// distortion of lenses", 1966), and focal lengths, skew and centre turn into a pixel (Zhang, "A flexible new technique for
/// camera calibration", 2000, eq. 1).
///
/// ```
/// use thalweg::calibration::camera::Camera;
/// let camera = Camera { radial: [-0.2, 0.1, 0.0], ..Camera::pinhole([800.0, 810.0], [320.0, 240.0]) };
/// let pixel: [f64; 2] = camera.project([0.3, -0.2, 2.0]);
/// let [x, y] = camera.ray(pixel);
/// assert!((x - 0.15).abs() < 1e-12 && (y + 0.1).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Camera<V> {
    /// Focal lengths along the two image axes, in pixels.
    pub focal: [V; 2],
    /// Pixels to the right for each unit of `y`; zero for pixels that are rectangles.
    pub skew: V,
    /// The principal point, in pixels.
    pub centre: [V; 2],
    /// `k₁, k₂, k₃`, dimensionless.
    pub radial: [V; 3],
    /// `p₁, p₂`, dimensionless.
    pub tangential: [V; 2],
}

impl<V: Number> Camera<V> {
    /// A camera without skew and distortion.
    #[must_use]
    pub fn pinhole(focal: [V; 2], centre: [V; 2]) -> Self {
        let zero = V::of(0.0);
        Self { focal, skew: zero, centre, radial: [zero; 3], tangential: [zero; 2] }
    }

    /// The ray behind the lens of a ray before it.
    pub fn distort(&self, [x, y]: [V; 2]) -> [V; 2] {
        let [k1, k2, k3] = self.radial;
        let [p1, p2] = self.tangential;
        let (xx, yy, twice) = (x * x, y * y, x * y + x * y);
        let square = xx + yy;
        let radial = (((k3 * square + k2) * square + k1) * square).offset(V::Scalar::ONE);
        [x * radial + p1 * twice + p2 * (square + xx + xx), y * radial + p1 * (square + yy + yy) + p2 * twice]
    }

    /// The pixel of a point in camera axes, of any unit of length; NaN for a point that is not in front of the camera.
    pub fn project(&self, [x, y, z]: [V; 3]) -> [V; 2] {
        if !(z.real() > V::Scalar::ZERO) {
            return [V::constant(V::Scalar::NAN); 2];
        }
        let [x, y] = self.distort([x / z, y / z]);
        let ([fx, fy], [cx, cy]) = (self.focal, self.centre);
        [fx * x + self.skew * y + cx, fy * y + cy]
    }
}

impl<T: Real> Camera<T> {
    /// The same camera as numbers without derivatives.
    #[must_use]
    pub fn constant<V: Number<Scalar = T>>(&self) -> Camera<V> {
        Camera {
            focal: self.focal.map(V::constant),
            skew: V::constant(self.skew),
            centre: self.centre.map(V::constant),
            radial: self.radial.map(V::constant),
            tangential: self.tangential.map(V::constant),
        }
    }

    /// The ray `(X/Z, Y/Z)` that is seen at a pixel: [`distort`](Self::distort) inverted by at most 20 Newton steps; NaN for
    /// a pixel that no ray near the axis reaches.
    pub fn ray(&self, [u, v]: [T; 2]) -> [T; 2] {
        let ([fx, fy], [cx, cy]) = (self.focal, self.centre);
        let bent_y = (v - cy) / fy;
        let bent_x = (u - cx - self.skew * bent_y) / fx;
        let lens = self.constant::<Dual<T, 2>>();
        let (mut x, mut y) = (bent_x, bent_y);
        for _ in 0..20 {
            let [a, b] = lens.distort([Dual::variable(x, 0), Dual::variable(y, 1)]);
            let ([a0, a1], [b0, b1]) = (a.gradient, b.gradient);
            let (da, db) = (bent_x - a.value, bent_y - b.value);
            let determinant = a0 * b1 - a1 * b0;
            let (dx, dy) = ((da * b1 - db * a1) / determinant, (db * a0 - da * b0) / determinant);
            x += dx;
            y += dy;
            // Beyond a fold of the distortion Newton's method finds another branch, or none.
            if !(determinant > T::ZERO) {
                return [T::NAN; 2];
            }
            if dx.abs() + dy.abs() <= T::of_f64(8.0) * T::EPSILON * (T::ONE + x.abs() + y.abs()) {
                return [x, y];
            }
        }
        let [a, b] = self.distort([x, y]);
        let missed = (a - bent_x).abs() + (b - bent_y).abs();
        if missed <= T::SQRT_EPSILON { [x, y] } else { [T::NAN; 2] }
    }
}
