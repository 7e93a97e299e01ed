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

    /// Signs.
    pub(crate) fn signs<T: Real, const N: usize>(&mut self) -> SVector<T, N> {
        linalg::vector(|_| if self.word() >> 31 == 0 { T::ONE } else { -T::ONE })
    }

    /// Odd multiples of 2⁻²⁴ in (-1, 1). Signs would be orthogonal to half of all sums and differences of two coordinates.
    pub(crate) fn in_cube<T: Real, const N: usize>(&mut self) -> SVector<T, N> {
        linalg::vector(|_| {
            let numerator = 2.0 * f64::from(self.word() >> 8) - 16_777_215.0;
            T::of_f64(numerator / 16_777_216.0)
        })
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

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact where it is asserted")]

    use super::*;

    /// The vectors of Lanczos processes and the probes of Hutchinson are made of these words.
    #[test]
    fn signs_and_cubes_are_of_its_words() {
        let mut generator = Generator::new(42);
        let words: [u32; 6] = core::array::from_fn(|_| generator.word());
        let signs: SVector<f64, 6> = Generator::new(42).signs();
        let cube: SVector<f32, 6> = Generator::new(42).in_cube();
        for (word, (&sign, &x)) in words.into_iter().zip(signs.iter().zip(cube.iter())) {
            assert_eq!(sign, if word < 1 << 31 { 1.0 } else { -1.0 });
            assert!((f64::from(x) - (f64::from(word) / f64::from(1u32 << 31) - 1.0)).abs() < 2e-7);
            assert!(x != 0.0 && x.abs() < 1.0 && (x * 16_777_216.0).rem_euclid(2.0) == 1.0, "an odd multiple: {x}");
        }
    }

    #[test]
    fn the_cube_is_filled_evenly() {
        let mut generator = Generator::new(1);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..5000 {
            let x: SVector<f64, 4> = generator.in_cube();
            sum += x.sum();
            squares += x.norm_squared();
        }
        assert!(sum.abs() < 4.0 * (20_000.0_f64 / 3.0).sqrt(), "{sum}");
        assert!((squares / 20_000.0 - 1.0 / 3.0).abs() < 0.01, "{squares}");
    }
}
