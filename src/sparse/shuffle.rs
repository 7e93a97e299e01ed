//! Random permutations that are the same on every machine.

/// SplitMix64 (Steele, Lea & Flood 2014, figure 17).
#[derive(Clone, Debug)]
pub(crate) struct Shuffler {
    state: u64,
}

impl Shuffler {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; the bias is at most `bound / 2⁶⁴`.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from((u128::from(self.next()) * bound as u128) >> 64).unwrap_or(0)
    }

    /// Permutes at random (Fisher & Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shuffler;

    /// The first numbers of seed 1234567, as published with the generator's reference code.
    #[test]
    fn the_generator_is_splitmix() {
        let mut shuffler = Shuffler::new(1_234_567);
        assert_eq!([shuffler.next(), shuffler.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }
}
