//! Steps of a quadratic model by its Cholesky factor or its whole spectrum, and the rule of the radius.
//!
//! With `H = V Λ Vᵀ` and `c = Vᵀg` every step is `p = -V (Λ + λI)⁻¹ c`; what differs is how λ is found. The minimizer in a ball of
//! radius Δ has `λ ≥ max(0, -λ₁)` and `‖p‖ = Δ` where λ > 0 (Moré & Sorensen, "Computing a trust region step", 1983), that of the
//! cubic model `gᵀp + ½ pᵀHp + (M/6) ‖p‖³` has `λ = ½ M ‖p‖` (Cartis, Gould & Toint 2011, part I, theorem 3.1). Both are the root of
//! `1/‖p(λ)‖ - 1/Δ`, with `Δ = 2λ/M` in the second, which is concave and rises: Newton's iteration from the left of it is monotone. The
//! distance `μ = λ + λ₁` to the pole is iterated, so that a root close to it keeps its digits.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, entries, solve_lower};
use crate::real::{Real, haze};
use crate::smooth::model::Model;
use crate::smooth::point::Point;

/// How long a step may be.
#[derive(Clone, Copy, Debug)]
enum Reach<T> {
    /// Δ.
    Ball(T),
    /// M.
    Cubic(T),
}

impl<T: Real> Reach<T> {
    /// Δ at a shift λ.
    fn radius(self, shift: T) -> T {
        match self {
            Self::Ball(radius) => radius,
            Self::Cubic(weight) => T::TWO * shift / weight,
        }
    }

    /// `-d(1/Δ)/dλ`.
    fn slope(self, shift: T) -> T {
        match self {
            Self::Ball(_) => T::ZERO,
            Self::Cubic(weight) => T::HALF * weight / shift / shift,
        }
    }

    /// A shift λ, zero or more, at which p is not shorter than Δ or λ is zero: `‖p‖ ≥ force/(bound + λ)`, where no eigenvalue is above
    /// the bound.
    fn nearest(self, bound: T, force: T) -> T {
        match self {
            Self::Ball(radius) => (force / radius - bound).max(T::ZERO),
            Self::Cubic(weight) => {
                let root = bound.hypot((T::TWO * weight).sqrt() * force.sqrt());
                weight * (force / (bound + root))
            }
        }
    }

    /// The distance `μ ≥ max(0, λ₁)` at which `force/μ = Δ`: for the part of c at the pole it is left of the root, for all of c right.
    fn distance(self, least: T, force: T) -> T {
        let nearest = least.max(T::ZERO);
        nearest.max(match self {
            Self::Ball(radius) => force / radius,
            Self::Cubic(weight) => {
                let root = least.hypot((T::TWO * weight).sqrt() * force.sqrt());
                if least > T::ZERO { T::HALF * (root + least) } else { weight * (force / (root - least)) }
            }
        })
    }
}

impl<T: Real, const N: usize> Model<T, N> {
    /// The global minimizer in the ball, in the model's basis.
    pub(crate) fn in_ball(&mut self, radius: T) -> SVector<T, N> {
        if let Some(p) = self.by_factors(Reach::Ball(radius)) {
            return p;
        }
        self.decompose();
        match self.solve(T::ZERO) {
            Some(newton) if linalg::norm(&newton) <= radius => newton,
            _ => self.minimize(Reach::Ball(radius)),
        }
    }

    /// The global minimizer of the cubic model of weight M, in the model's basis.
    pub(crate) fn cubic(&mut self, weight: T) -> SVector<T, N> {
        if let Some(p) = self.by_factors(Reach::Cubic(weight)) {
            return p;
        }
        self.decompose();
        self.minimize(Reach::Cubic(weight))
    }

    /// Newton's iteration on the secular equation from the left of its root by factors of `H + λI`, without the spectrum (Cartis, Gould &
    /// Toint 2011, part I, algorithm 6.1; Moré & Sorensen 1983, algorithm 3.2). None where a factor is missing or the iteration
    /// does not settle.
    fn by_factors(&self, reach: Reach<T>) -> Option<SVector<T, N>> {
        let slack = T::ONE + T::of_f64(4.0) * T::EPSILON;
        let mut shift = reach.nearest(self.bound(), linalg::norm(&self.slopes));
        // Seven are usual.
        for _ in 0..30 {
            let factor = self.factor(shift)?;
            let p = self.solve_by(&factor);
            let (length, radius) = (linalg::norm(&p), reach.radius(shift));
            if length <= radius * slack {
                return Some(p);
            }
            // ψ = 1/‖p‖ - 1/Δ and its derivative by `pᵀ(H + λI)⁻¹p = ‖L⁻¹p‖²`.
            let mut share = p / length;
            solve_lower(&factor, &mut share);
            let bend = linalg::dot(&share, &share) / length;
            let next = shift - (T::ONE / length - T::ONE / radius) / (bend + reach.slope(shift));
            if next <= shift * slack {
                return Some(p);
            }
            shift = next;
        }
        None
    }

    /// The hard case: where c has no part at the pole `-λ₁`, the step to there may fall short, and goes on along the eigenvector.
    fn minimize(&self, reach: Reach<T>) -> SVector<T, N> {
        let least = self.least();
        let slight = T::of_usize(N) * T::EPSILON;
        let near = slight * linalg::max_abs(&self.values);
        if least > near {
            return self.root(reach);
        }
        // Parts of c that rounding alone can have made do not decide.
        let noise = slight * linalg::max_abs(&self.slopes);
        let at_pole = |value: T| value - least <= near;
        let mut parts = self.values.iter().zip(self.slopes.iter());
        if parts.any(|(&value, &slope)| at_pole(value) && slope.abs() > noise) {
            return self.root(reach);
        }
        let rest = self.values.zip_map(&self.slopes, |value, slope| if at_pole(value) { T::ZERO } else { slope });
        let short = self.beyond(&rest, -least, T::ZERO);
        let (length, radius) = (linalg::norm(&short), reach.radius((-least).max(T::ZERO)));
        if !(length <= radius) {
            return self.root(reach);
        }
        let left = if least < -near { ((radius - length) * (radius + length)).sqrt() } else { T::ZERO };
        short + self.downward() * left
    }

    /// Newton's iteration on the secular equation, from the left of its root and within a bracket.
    fn root(&self, reach: Reach<T>) -> SVector<T, N> {
        let least = self.least();
        let (values, slopes) = (entries(&self.values), entries(&self.slopes));
        let at_pole = (0..N).fold(T::ZERO, |sum, i| if values[i] == least { sum.hypot(slopes[i]) } else { sum });
        let (mut low, mut high) = (reach.distance(least, at_pole), reach.distance(least, linalg::norm(&self.slopes)));
        let mut distance = low;
        // Seven are usual; bisection alone needs no more than there are bits.
        for _ in 0..100 {
            let y = self.beyond(&self.slopes, -least, distance);
            let (length, shift) = (linalg::norm(&y), distance - least);
            let radius = reach.radius(shift);
            if (length - radius).abs() <= T::of_f64(4.0) * T::EPSILON * radius {
                break;
            }
            if length < radius {
                high = distance;
            } else {
                low = distance;
            }
            // ψ = 1/‖p‖ - 1/Δ and its derivative; at the pole both are NaN.
            let bend = (0..N).fold(T::ZERO, |sum, i| {
                let share = entries(&y)[i] / length;
                if share == T::ZERO { sum } else { sum + share.squared() / ((values[i] - least) + distance) }
            });
            let newton = distance - (T::ONE / length - T::ONE / radius) / (bend / length + reach.slope(shift));
            let next = if newton > low && newton < high { newton } else { T::HALF * (low + high) };
            if next == distance || !(low < high) {
                break;
            }
            distance = next;
        }
        self.beyond(&self.slopes, -least, distance)
    }
}

/// The global minimizer of `gᵀp + ½ pᵀHp` in the ball `‖p‖ ≤ radius`, for any symmetric H.
pub(crate) fn exact_step<T: Real, const N: usize>(h: &SMatrix<T, N, N>, g: &SVector<T, N>, radius: T) -> SVector<T, N> {
    let mut model = Model::of(h, g);
    // What rank-one updates make is seldom definite.
    model.decompose();
    let y = model.in_ball(radius);
    model.step(&y)
}

/// Adapts the radius to what a step of `length` kept of its promised decrease (Nocedal & Wright, algorithm 4.1); whether to take the
/// step. NaN is a rejection.
pub(crate) fn adapt_radius<T: Real>(decrease: T, promised: T, length: T, radius: &mut T) -> bool {
    let kept = decrease / promised;
    if !(kept >= T::of_f64(0.25)) {
        *radius = T::of_f64(0.25) * length.min(*radius);
    } else if kept > T::of_f64(0.75) && length >= T::of_f64(0.99) * *radius {
        *radius *= T::TWO;
    }
    kept > T::of_f64(0.1)
}

/// What a trial of a model's step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Rejected,
    /// Rounding hides the difference, and stationarity is no nearer.
    Nothing,
}

/// Makes the trial the best point where `accepts` its decrease, which is NaN unless it is positive and the trial finite. Where rounding
/// hides the decrease and the promise of it, a smaller gradient decides.
pub(crate) fn judge<T: Real, const N: usize>(
    best: &mut Point<T, N>,
    trial: &Point<T, N>,
    promised: T,
    accepts: impl FnOnce(T) -> bool,
) -> Verdict {
    let finite = trial.is_finite();
    let (decrease, hidden) = (best.value - trial.value, haze(best.value, trial.value));
    if finite && promised.abs() <= hidden && decrease.abs() <= hidden {
        return if trial.improve(best) { Verdict::Accepted } else { Verdict::Nothing };
    }
    if accepts(if finite && decrease > T::ZERO { decrease } else { T::NAN }) {
        trial.replace(best);
        Verdict::Accepted
    } else {
        Verdict::Rejected
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact where it is asserted")]

    use super::*;
    use nalgebra::{matrix, vector};

    /// A number in [-1, 1).
    fn draw(seed: &mut u64) -> f64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from((*seed >> 32) as u32) / f64::from(1u32 << 31) - 1.0
    }

    fn value<const N: usize>(h: &SMatrix<f64, N, N>, g: &SVector<f64, N>, p: &SVector<f64, N>) -> f64 {
        g.dot(p) + 0.5 * p.dot(&(h * p))
    }

    /// The least value on a grid of the disk; the grid holds the centre and the circle.
    fn disk(h: &SMatrix<f64, 2, 2>, g: &SVector<f64, 2>, radius: f64) -> f64 {
        let mut least = 0.0f64;
        for i in 0..=20 {
            for k in 0..300 {
                let (sin, cos) = (f64::from(k) * core::f64::consts::TAU / 300.0).sin_cos();
                let r = radius * f64::from(i) / 20.0;
                least = least.min(value(h, g, &vector![r * cos, r * sin]));
            }
        }
        least
    }

    #[test]
    fn no_point_of_the_disk_is_lower() {
        let mut seed = 1;
        for case in 0..200 {
            let [a, b, c] = [(); 3].map(|()| draw(&mut seed));
            let mut h = matrix![a, b; b, c];
            let mut g = vector![draw(&mut seed), draw(&mut seed)];
            match case % 5 {
                1 => h = matrix![a * a, a * b; a * b, b * b],
                2 => g = vector![0.0, 0.0],
                // The gradient is an eigenvector, and not that of the least eigenvalue.
                3 => (h, g) = (matrix![a, 0.0; 0.0, a - 1.0 - c.abs()], vector![0.1 * b, 0.0]),
                4 => h = matrix![a, 0.0; 0.0, a],
                _ => {}
            }
            let radius = 10f64.powf(draw(&mut seed));
            let p = exact_step(&h, &g, radius);
            assert!(p.norm() <= radius * (1.0 + 1e-14), "case {case}: {} beyond {radius}", p.norm());
            let (least, found) = (disk(&h, &g, radius), value(&h, &g, &p));
            assert!(found <= least + 1e-13, "case {case}: {found} above {least}");
            assert!(found >= least - 1e-2 * (radius + radius * radius), "case {case}: {found} far below {least}");
        }
    }

    /// Moré & Sorensen's conditions, which are necessary and sufficient: `(H + λI)p = -g`, `H + λI ⪰ 0`, `λ (Δ - ‖p‖) = 0`.
    #[test]
    fn conditions_of_a_global_minimizer_hold_in_three_dimensions() {
        let mut seed = 7;
        for case in 0..500 {
            let [a, b, c, d, e, f] = [(); 6].map(|()| draw(&mut seed));
            let mut h = matrix![a, b, c; b, d, e; c, e, f];
            let mut g = vector![draw(&mut seed), draw(&mut seed), draw(&mut seed)];
            match case % 4 {
                1 => {
                    let mut model = Model::of(&h, &g);
                    model.decompose();
                    let y = model.downward();
                    g -= model.step(&y) * model.step(&y).dot(&g);
                }
                2 => h = g * g.transpose() * -1.0,
                3 => h = vector![a, b, c] * vector![a, b, c].transpose(),
                _ => {}
            }
            let radius = 10f64.powf(2.0 * draw(&mut seed));
            let p = exact_step(&h, &g, radius);
            let pull = -(g + h * p);
            let shift = p.dot(&pull) / p.dot(&p);
            let size = g.norm() + h.norm() * radius;
            assert!((pull - p * shift).norm() <= 1e-12 * size, "case {case}: not stationary");
            assert!(
                Model::of(&h, &g).eigenvalues().min() + shift >= -1e-12 * (1.0 + size / radius),
                "case {case}: not a minimum"
            );
            assert!(shift * (radius - p.norm()).abs() <= 1e-12 * size, "case {case}: short of the boundary");
            assert!(p.norm() <= radius * (1.0 + 1e-14) && shift >= -1e-12 * (1.0 + size / radius));
        }
    }

    #[test]
    fn inside_the_ball_it_is_newtons_step_and_in_single_precision_too() {
        let p = exact_step(&matrix![2.0f32, 0.0; 0.0, 4.0], &vector![2.0, -4.0], 10.0);
        assert_eq!(p, vector![-1.0, 1.0]);
        let p = exact_step(&matrix![2.0f32, 0.0; 0.0, -4.0], &vector![0.0, 0.0], 0.5);
        assert_eq!(p.map(f32::abs), vector![0.0, 0.5]);
    }

    /// The condition `λ = ½ M ‖p‖` with `(H + λI)p = -g`, `H + λI ⪰ 0`.
    #[test]
    fn conditions_of_the_cubic_model_hold() {
        let mut seed = 3;
        for case in 0..500 {
            let [a, b, c] = [(); 3].map(|()| draw(&mut seed));
            let mut h = matrix![a, b; b, c];
            let mut g = vector![draw(&mut seed), draw(&mut seed)];
            match case % 3 {
                1 => (h, g) = (matrix![a, 0.0; 0.0, a - 1.0], vector![1e-3 * b, 0.0]),
                2 => g = vector![0.0, 0.0],
                _ => {}
            }
            let weight = 10f64.powf(2.0 * draw(&mut seed));
            let mut model = Model::of(&h, &g);
            let y = model.cubic(weight);
            let p = model.step(&y);
            let shift = 0.5 * weight * p.norm();
            let size = g.norm() + h.norm() * p.norm();
            assert!((g + h * p + p * shift).norm() <= 1e-12 * size, "case {case}");
            assert!(model.eigenvalues().min() + shift >= -1e-12 * (1.0 + shift), "case {case}: not a minimum");
        }
    }

    /// Where a factor exists, the step is that of the spectrum, and no spectrum is made.
    #[test]
    fn factors_give_the_same_steps() {
        fn check<T: Real>(error: f64) {
            let (mut seed, mut factored) = (5, 0);
            for case in 0..300 {
                let root = SMatrix::<f64, 4, 4>::from_fn(|_, _| draw(&mut seed));
                let shift = if case % 3 == 0 { -0.3 } else { 0.1 };
                let h = (root * root.transpose() + SMatrix::identity() * shift).map(T::of_f64);
                let g = SVector::<f64, 4>::from_fn(|_, _| draw(&mut seed)).map(T::of_f64);
                let size = T::of_f64(10f64.powf(1.5 * draw(&mut seed)));
                for in_ball in [true, false] {
                    let step = |mut model: Model<T, 4>| {
                        let y = if in_ball { model.in_ball(size) } else { model.cubic(size) };
                        (model.step(&y), model.promise(&y), model.is_decomposed())
                    };
                    let mut spectral = Model::of(&h, &g);
                    spectral.decompose();
                    let (expected, promise, _) = step(spectral);
                    let (found, same, decomposed) = step(Model::of(&h, &g));
                    factored += usize::from(!decomposed);
                    let off = linalg::norm(&(found - expected)) / linalg::norm(&expected);
                    assert!(off.to_f64() < error, "case {case}, ball {in_ball}: {off:?}");
                    assert!(((same - promise) / promise).abs().to_f64() < error, "case {case}: {same:?} {promise:?}");
                    assert!(case % 3 == 0 || !decomposed, "case {case}: positive definite, and decomposed");
                }
            }
            assert!(factored >= 400, "{factored}");
        }
        check::<f64>(1e-11);
        check::<f32>(1e-2);
    }

    /// `M ‖g‖` leaves the range of f32, the step does not.
    #[test]
    fn large_weights_stay_in_range() {
        let (h, g, weight) = (matrix![2e20f32, 0.0; 0.0, 1e20], vector![1e20, -1e20], 1e25);
        for decomposed in [false, true] {
            let mut model = Model::of(&h, &g);
            if decomposed {
                model.decompose();
            }
            let y = model.cubic(weight);
            let p = model.step(&y);
            let pull = -(g + h * p);
            let shift = 0.5 * weight * linalg::norm(&p);
            assert!(linalg::norm(&(pull / shift - p)) <= 1e-5 * linalg::norm(&p), "{p}");
        }
    }
}
