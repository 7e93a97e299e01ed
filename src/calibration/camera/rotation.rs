//! Rotations of vectors, by unit quaternion `(w, x, y, z)` or by rotation vector (axis times angle in radians).
//!
//! Everything is smooth where the angle is zero, so dual numbers carry exact derivatives there.

use crate::real::{Number, Real};

fn cross<V: Number>([a0, a1, a2]: [V; 3], [b0, b1, b2]: [V; 3]) -> [V; 3] {
    [a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0]
}

fn squared<V: Number>([a, b, c]: [V; 3]) -> V {
    a * a + b * b + c * c
}

/// `Σ cₖ sᵏ`.
fn series<V: Number, const K: usize>(s: V, coefficients: [f64; K]) -> V {
    coefficients.into_iter().rev().fold(V::of(0.0), |sum, c| sum * s + V::of(c))
}

/// `sin θ / θ` from `s = θ²`: the root has no derivative at zero, the quotient has.
fn sinc<V: Number>(s: V) -> V {
    if s.real() < V::Scalar::of_f64(0.01) {
        // The next term is s⁵/11!.
        return series(s, [1.0, -1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362_880.0]);
    }
    let angle = s.sqrt();
    angle.sin() / angle
}

/// `p` turned by a unit quaternion `q`: `q p q*`.
pub fn rotate<V: Number>([w, x, y, z]: [V; 4], p: [V; 3]) -> [V; 3] {
    let axis = [x, y, z];
    let [t0, t1, t2] = cross(axis, p).map(|t| t + t);
    let [c0, c1, c2] = cross(axis, [t0, t1, t2]);
    let [p0, p1, p2] = p;
    [p0 + w * t0 + c0, p1 + w * t1 + c1, p2 + w * t2 + c2]
}

/// `p` turned by a rotation vector (Rodrigues' formula).
pub fn rotate_by_vector<V: Number>(vector: [V; 3], p: [V; 3]) -> [V; 3] {
    let s = squared(vector);
    let half = sinc(s.scale(V::Scalar::of_f64(0.25)));
    // (1 - cos θ)/θ² without cancellation.
    let (first, second) = (sinc(s), (half * half).scale(V::Scalar::HALF));
    let once = cross(vector, p);
    let [t0, t1, t2] = cross(vector, once);
    let ([o0, o1, o2], [p0, p1, p2]) = (once, p);
    [p0 + first * o0 + second * t0, p1 + first * o1 + second * t1, p2 + first * o2 + second * t2]
}

/// The unit quaternion of a rotation vector.
///
/// ```
/// use thalweg::calibration::camera::{quaternion_from_vector, vector_from_quaternion};
/// let [x, y, z]: [f64; 3] = vector_from_quaternion(quaternion_from_vector([0.1, -0.2, 0.3]));
/// assert!((x - 0.1).abs() + (y + 0.2).abs() + (z - 0.3).abs() < 1e-15);
/// ```
pub fn quaternion_from_vector<V: Number>(vector: [V; 3]) -> [V; 4] {
    let s = squared(vector);
    let scalar = V::Scalar::of_f64;
    let (half, quarter) = (sinc(s.scale(scalar(0.25))), sinc(s.scale(scalar(1.0 / 16.0))));
    let [x, y, z] = vector.map(|v| v * half.scale(V::Scalar::HALF));
    // cos(θ/2) as one minus a square; the cosine itself would need the root.
    [(s * quarter * quarter).scale(scalar(-0.125)).offset(V::Scalar::ONE), x, y, z]
}

/// The rotation vector of a quaternion of any length but zero, of angle at most π.
pub fn vector_from_quaternion<V: Number>(quaternion: [V; 4]) -> [V; 3] {
    // q and -q are the same rotation; the one with w ≥ 0 has the smaller angle.
    let [w, x, y, z] = if quaternion[0].real() < V::Scalar::ZERO { quaternion.map(|q| -q) } else { quaternion };
    let s = squared([x, y, z]);
    let tangent = s / (w * w);
    let factor = if tangent.real() < V::Scalar::of_f64(0.01) {
        // atan(t)/t, the next term is t¹⁶/17.
        let thirds = [1.0, -1.0 / 3.0, 0.2, -1.0 / 7.0, 1.0 / 9.0, -1.0 / 11.0, 1.0 / 13.0, -1.0 / 15.0];
        series(tangent, thirds) / w
    } else {
        let length = s.sqrt();
        length.atan2(w) / length
    };
    [x, y, z].map(|v| (v * factor).scale(V::Scalar::TWO))
}

/// The quaternion of the rotation matrix with these columns, from its largest component (Shepperd 1978).
pub(super) fn quaternion_from_columns<T: Real>([[xx, yx, zx], [xy, yy, zy], [xz, yz, zz]]: [[T; 3]; 3]) -> [T; 4] {
    let one = T::ONE;
    let squares = [one + xx + yy + zz, one + xx - yy - zz, one - xx + yy - zz, one - xx - yy + zz];
    let [ww, ii, jj, kk] = squares;
    let largest = squares.into_iter().fold(T::ZERO, T::max);
    let (x, y, z) = (zy - yz, xz - zx, yx - xy);
    let (xy, yz, zx) = (xy + yx, yz + zy, zx + xz);
    let quaternion = if ww == largest {
        [ww, x, y, z]
    } else if ii == largest {
        [x, ii, xy, zx]
    } else if jj == largest {
        [y, xy, jj, yz]
    } else {
        [z, zx, yz, kk]
    };
    // The components are those of 4 q times the largest, which is √largest / 2.
    let scale = T::HALF / largest.sqrt();
    quaternion.map(|q| q * scale)
}
