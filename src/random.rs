//! Random numbers that are part of a memory: the same seed, the same solve, on every machine.

use nalgebra::SVector;

use crate::linalg;
use crate::real::Real;

/// O'Neill's PCG32 (XSH RR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Generator(u64);

impl Generator {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(advanced(advanced(0).wrapping_add(seed)))
    }

    #[allow(clippy::cast_possible_truncation, reason = "the lower half is the word")]
    fn word(&mut self) -> u32 {
        let old = self.0;
        self.0 = advanced(old);
        ((((old >> 18) ^ old) >> 27) as u32).rotate_right((old >> 59) as u32)
    }

    /// Below `bound`, by multiplication.
    #[allow(clippy::cast_possible_truncation, reason = "the product is below the bound")]
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.word()) * bound as u64) >> 32) as usize
    }

    /// Uniform between 0 and 1, and neither in `f64`.
    pub(crate) fn uniform<T: Real>(&mut self) -> T {
        T::of_f64((f64::from(self.word()) + 0.5) / 4_294_967_296.0)
    }

    /// Standard normal (Box & Muller).
    pub(crate) fn normal<T: Real>(&mut self) -> T {
        let (radius, angle): (T, T) = (self.uniform(), self.uniform());
        (-T::TWO * radius.ln()).sqrt() * (T::of_f64(core::f64::consts::TAU) * angle).cos()
    }

    /// Uniform in the unit ball.
    pub(crate) fn in_ball<T: Real, const N: usize>(&mut self) -> SVector<T, N> {
        let direction = linalg::vector(|_| self.normal());
        let radius: T = self.uniform::<T>().powf(T::ONE / T::of_usize(N.max(1)));
        let norm = linalg::norm(&direction);
        if norm > T::ZERO { direction * (radius / norm) } else { direction }
    }
}

const fn advanced(state: u64) -> u64 {
    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}
