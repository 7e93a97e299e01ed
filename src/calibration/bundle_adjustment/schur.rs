//! One point's part of the normal equations, and its elimination.
//!
//! With `A`, `B` the derivatives of a residual by camera and point, the damped normal equations are
//! `[U W; Wᵀ V] (δc, δp) = -(a, b)`, `V` block diagonal over the points, so that `(U - W V⁻¹ Wᵀ) δc = -(a - W V⁻¹ b)` gathers a
//! point at a time, and `δp = -V⁻¹ (b + Wᵀ δc)` (Triggs et al., §6.1).

use nalgebra::{SMatrix, SVector};

use crate::calibration::bundle_adjustment::scene::Projection;
use crate::linalg::{self, columns_mut, entries, entries_mut};
use crate::problem::Dual;
use crate::real::{Number, Real};

/// `‖Jⱼ‖²`, one for a parameter that no residual depends on: the diagonal that damping is measured by.
pub(super) fn scale<T: Real>(square: T) -> T {
    if square > T::ZERO { square } else { T::ONE }
}

/// What belongs to each camera; unlike `chunks_exact`, without a check that `D` is not zero.
fn blocks_mut<V, const D: usize>(all: &mut [V]) -> impl Iterator<Item = &mut [V; D]> {
    all.as_chunks_mut::<D>().0.iter_mut()
}

/// A residual pair with its derivatives by camera and point.
struct Seen<T, const D: usize> {
    residual: [T; 2],
    by_camera: [[T; D]; 2],
    by_point: [[T; 3]; 2],
}

fn linearize<T: Real, const D: usize>(
    projection: &impl Projection<T, D>,
    camera: &[T; D],
    point: [T; 3],
    pixel: [T; 2],
) -> Seen<T, D> {
    let mut variables = camera.map(Dual::<T, D>::constant);
    for (j, variable) in variables.iter_mut().enumerate() {
        *variable = Dual::variable(variable.value, j);
    }
    let [u, v] = projection.pixel(&variables, point.map(Dual::constant));
    let [x, y, z] = point;
    let moving = [Dual::<T, 3>::variable(x, 0), Dual::variable(y, 1), Dual::variable(z, 2)];
    let [p, q] = projection.pixel(&camera.map(Dual::constant), moving);
    Seen {
        residual: [u.value - pixel[0], v.value - pixel[1]],
        by_camera: [u.gradient, v.gradient],
        by_point: [p.gradient, q.gradient],
    }
}

/// A point's share: `V`, `b`, and for each camera its rows of `W`.
#[derive(Debug)]
pub(super) struct Share<T: Real, const C: usize, const D: usize> {
    /// Lower triangle of `V`, or its factor `L` once [`factor`](Self::factor)ed.
    v: SMatrix<T, 3, 3>,
    /// `b`.
    pub(super) gradient: SVector<T, 3>,
    /// The diagonal of `V` before damping.
    pub(super) squares: SVector<T, 3>,
    /// `W`, zero for a camera that does not see the point.
    w: [[SVector<T, 3>; D]; C],
    seen: [bool; C],
    pub(super) cost: T,
    pub(super) residuals: usize,
}

impl<T: Real, const C: usize, const D: usize> Share<T, C, D> {
    /// The linearization of all sightings of a point; `add` is given each camera's number, rows and residuals.
    pub(super) fn gather(
        projection: &impl Projection<T, D>,
        cameras: &[T],
        point: [T; 3],
        pixels: &[Option<[T; 2]>; C],
        mut add: impl FnMut(usize, &[[T; D]; 2], &[T; 2]),
    ) -> Self {
        let mut share = Self {
            v: linalg::zeros(),
            gradient: linalg::zeros(),
            squares: linalg::zeros(),
            w: [[linalg::zeros(); D]; C],
            seen: pixels.map(|pixel| pixel.is_some()),
            cost: T::ZERO,
            residuals: 0,
        };
        let (v, b) = (columns_mut(&mut share.v), entries_mut(&mut share.gradient));
        let views = cameras.as_chunks::<D>().0.iter().zip(pixels).zip(&mut share.w).enumerate();
        for (c, ((parameters, pixel), w)) in views {
            let Some(pixel) = *pixel else { continue };
            let seen = linearize(projection, parameters, point, pixel);
            for ((r, by_camera), by_point) in seen.residual.iter().zip(&seen.by_camera).zip(&seen.by_point) {
                share.cost += T::HALF * *r * *r;
                share.residuals += 1;
                for j in 0..3 {
                    b[j] += by_point[j] * *r;
                    for i in j..3 {
                        v[j][i] += by_point[i] * by_point[j];
                    }
                }
                for (row, a) in w.iter_mut().zip(by_camera) {
                    *row += SVector::from(*by_point) * *a;
                }
            }
            add(c, &seen.by_camera, &seen.residual);
        }
        share.squares = SVector::from([v[0][0], v[1][1], v[2][2]]);
        share
    }

    /// Damps and factors `V`; `false` if it is not positive.
    pub(super) fn factor(&mut self, damping: T) -> bool {
        let v = columns_mut(&mut self.v);
        for j in 0..3 {
            v[j][j] += damping * scale(v[j][j]);
        }
        linalg::cholesky(&mut self.v, T::of_f64(3.0) * T::EPSILON)
    }

    /// Subtracts `W V⁻¹ Wᵀ` and `W V⁻¹ b` from the cameras' system; after [`factor`](Self::factor).
    pub(super) fn eliminate<const P: usize>(&mut self, schur: &mut SMatrix<T, P, P>, right: &mut SVector<T, P>) {
        let mut z = self.gradient;
        linalg::solve_lower(&self.v, &mut z);
        for row in self.w.iter_mut().zip(&self.seen).filter(|(_, seen)| **seen).flat_map(|(w, _)| w) {
            linalg::solve_lower(&self.v, row);
        }
        let blocks = blocks_mut::<_, D>(columns_mut(schur)).zip(blocks_mut::<_, D>(entries_mut(right)));
        for (d, (((columns, right), left), seen)) in blocks.zip(&self.w).zip(&self.seen).enumerate() {
            if !*seen {
                continue;
            }
            for ((column, right), y) in columns.iter_mut().zip(right).zip(left) {
                *right -= linalg::dot(y, &z);
                let [[y0, y1, y2]] = y.data.0;
                let rows = blocks_mut::<_, D>(column).zip(&self.w).zip(&self.seen).skip(d);
                for ((entries, w), _) in rows.filter(|(_, seen)| **seen) {
                    for (entry, row) in entries.iter_mut().zip(w) {
                        let [[w0, w1, w2]] = row.data.0;
                        *entry -= y0 * w0 + y1 * w1 + y2 * w2;
                    }
                }
            }
        }
    }

    /// `δp` for the cameras' step; after [`factor`](Self::factor).
    pub(super) fn substitute(&self, step: &[T]) -> SVector<T, 3> {
        let mut pull = self.gradient;
        for (rows, steps) in self.w.iter().zip(step.as_chunks::<D>().0) {
            for (row, &step) in rows.iter().zip(steps) {
                pull += row * step;
            }
        }
        let mut move_by = SVector::zeros();
        linalg::negate(&pull, &mut move_by);
        linalg::solve_lower(&self.v, &mut move_by);
        linalg::solve_transposed(&self.v, &mut move_by);
        move_by
    }
}

/// Adds a camera's own part, `AᵀA` and `Aᵀr`, and the diagonal of the former to `squares`.
pub(super) fn add_camera<T: Real, const D: usize, const P: usize>(
    c: usize,
    rows: &[[T; D]; 2],
    residuals: &[T; 2],
    schur: &mut SMatrix<T, P, P>,
    squares: &mut SVector<T, P>,
    gradient: &mut SVector<T, P>,
) {
    let blocks = blocks_mut::<_, D>(columns_mut(schur)).zip(blocks_mut::<_, D>(entries_mut(squares)));
    let Some(((columns, squares), gradient)) = blocks.zip(blocks_mut::<_, D>(entries_mut(gradient))).nth(c) else {
        return;
    };
    for (row, r) in rows.iter().zip(residuals) {
        let own = columns.iter_mut().zip(squares.iter_mut()).zip(gradient.iter_mut());
        for (j, (((column, square), gradient), a)) in own.zip(row).enumerate() {
            *square += *a * *a;
            *gradient += *a * *r;
            let entries = blocks_mut::<_, D>(column).nth(c).into_iter().flatten();
            for (entry, b) in entries.zip(row).skip(j) {
                *entry += *a * *b;
            }
        }
    }
}

/// `½ Σ ‖seen(camera, point) - pixel‖²` of one point.
pub(super) fn cost<T: Real, const C: usize, const D: usize>(
    projection: &impl Projection<T, D>,
    cameras: &[T],
    point: [T; 3],
    pixels: &[Option<[T; 2]>; C],
) -> T {
    let mut cost = T::ZERO;
    for (parameters, pixel) in cameras.as_chunks::<D>().0.iter().zip(pixels) {
        let Some([u, v]) = *pixel else { continue };
        let [p, q] = projection.pixel(parameters, point);
        cost += T::HALF * (p - u) * (p - u);
        cost += T::HALF * (q - v) * (q - v);
    }
    cost
}

/// Damps and solves the cameras' system for the step, whose factor replaces it; `false` if it is not positive.
pub(super) fn solve<T: Real, const P: usize>(
    schur: &mut SMatrix<T, P, P>,
    squares: &SVector<T, P>,
    right: &SVector<T, P>,
    damping: T,
    step: &mut SVector<T, P>,
) -> bool {
    let a = columns_mut(schur);
    for j in 0..P {
        a[j][j] += damping * scale(entries(squares)[j]);
    }
    if !linalg::cholesky(schur, T::of_usize(P) * T::EPSILON) {
        return false;
    }
    linalg::negate(right, step);
    linalg::solve_lower(schur, step);
    linalg::solve_transposed(schur, step);
    linalg::all_finite(step)
}
