//! Stability selection: what is selected on most halves of the data (Meinshausen & Bühlmann 2010).
//!
//! The halves are complementary pairs (Shah & Samworth 2013): each pair splits the observations at random, so that no two paths of a
//! pair share one. With q the expected number of coefficients that are selected somewhere on the path of a half, the expected number
//! of those that a threshold π above ½ selects falsely is at most `q² / ((2π - 1) p)` (Meinshausen & Bühlmann, theorem 1, whose
//! assumption is that noise is selected exchangeably and the selection is no worse than guessing).

use core::ops::ControlFlow;

use std::vec;
use std::vec::Vec;

use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::error::FitError;
use crate::sparse::parallel::ordered;
use crate::sparse::regression::{Entries, Fit, Grid, Regression, Settings};
use crate::sparse::shuffle::Shuffler;
use crate::sparse::terms::Penalties;

/// How often each coefficient is selected.
#[derive(Clone, Debug)]
pub struct Stability {
    /// From the λmax of all the data on.
    pub lambdas: Vec<f64>,
    /// For each λ, the share of the halves in which a coefficient is not zero; of the halves that arrived there.
    pub frequencies: Vec<Entries>,
    /// For each λ, how many halves arrived.
    pub arrived: Vec<usize>,
    /// q: the mean number of coefficients selected at some λ.
    pub selected_on_average: f64,
    /// p.
    pub coefficients: usize,
}

impl<D: Design, F: Datafit> Regression<'_, D, F> {
    /// Fits a path on both halves of every one of `pairs` random splits, [`threads`](Regression::threads) halves at a time; the
    /// same for the same seed and any number of threads. 50 pairs are usual, and a grid that ends where q is still small. The
    /// observer sees every fit with the number of its half, and may end that path.
    ///
    /// # Errors
    /// Those of [`path`](Regression::path); [`FitError::Setting`] without a pair; [`FitError::Fold`] if a half cannot be fitted,
    /// such as one of a single class.
    pub fn stability<P: Penalties + Clone>(
        &self,
        penalties: P,
        grid: &Grid,
        settings: &Settings,
        (pairs, seed): (usize, u64),
        observer: &(dyn Fn(usize, &Fit) -> ControlFlow<()> + Sync),
    ) -> Result<Stability, FitError> {
        if pairs == 0 {
            return Err(FitError::Setting("pairs"));
        }
        grid.validate()?;
        let first = Grid::Ratios(vec![1.0]);
        let go = &mut |_: &Fit| ControlFlow::Continue(());
        let lambdas = grid.lambdas(self.path(penalties.clone(), &first, settings, go)?.lambda_max);
        let grid = Grid::Lambdas(lambdas.clone());
        let weights = self.datafit().weights();
        let mut present: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] > 0.0).collect();
        let mut shuffler = Shuffler::new(seed);
        let mut halves = Vec::new();
        for _ in 0..pairs {
            shuffler.shuffle(&mut present);
            let half = present.len() / 2;
            for members in [&present[..half], &present[half..2 * half]] {
                let mut left = vec![0.0; weights.len()];
                members.iter().for_each(|&i| left[i] = weights[i]);
                halves.push(left);
            }
        }
        let supports = |k: usize| -> Result<Vec<Option<Vec<usize>>>, FitError> {
            let trained = self.datafit().reweighted(&halves[k]).map_err(|error| FitError::Fold(k, error))?;
            let half = self.with_datafit(trained).threads(1);
            let path = half.path(penalties.clone(), &grid, settings, &mut |fit| observer(k, fit))?;
            Ok(path.fits.into_iter().map(|fit| fit.is_settled().then_some(fit.coefficients.indices)).collect())
        };
        let supports = ordered(self.threads, halves.len(), supports).into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Stability::count(lambdas, &supports, self.design.columns()))
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts")]
impl Stability {
    /// From the supports of every half at every λ it arrived at.
    fn count(lambdas: Vec<f64>, supports: &[Vec<Option<Vec<usize>>>], coefficients: usize) -> Self {
        let at = |k: usize| supports.iter().filter_map(move |half| half.get(k)?.as_ref());
        let arrived: Vec<usize> = (0..lambdas.len()).map(|k| at(k).count()).collect();
        let mut counts = vec![0.0; coefficients];
        let mut frequencies = Vec::new();
        for (k, &halves) in arrived.iter().enumerate() {
            counts.fill(0.0);
            at(k).flatten().for_each(|&j| counts[j] += 1.0);
            counts.iter_mut().filter(|count| **count > 0.0).for_each(|count| *count /= halves as f64);
            frequencies.push(Entries::of(&counts));
        }
        let mut total = 0_usize;
        for half in supports {
            let mut union: Vec<usize> = half.iter().flatten().flatten().copied().collect();
            union.sort_unstable();
            union.dedup();
            total += union.len();
        }
        Self { lambdas, frequencies, arrived, selected_on_average: total as f64 / supports.len() as f64, coefficients }
    }

    /// The largest frequency of each coefficient over all λ.
    #[must_use]
    pub fn largest(&self) -> Entries {
        let mut largest: Vec<f64> = vec![0.0; self.coefficients];
        for (j, frequency) in self.frequencies.iter().flat_map(Entries::iter) {
            largest[j] = largest[j].max(frequency);
        }
        Entries::of(&largest)
    }

    /// The coefficients that are selected with at least this frequency at some λ; 0.6 to 0.9 is usual.
    #[must_use]
    pub fn stable(&self, threshold: f64) -> Vec<usize> {
        self.largest().iter().filter(|&(_, frequency)| frequency >= threshold).map(|(j, _)| j).collect()
    }

    /// The bound on the expected number of coefficients that [`stable`](Self::stable) selects falsely; infinite for thresholds up
    /// to ½.
    #[must_use]
    pub fn false_selections(&self, threshold: f64) -> f64 {
        let q = self.selected_on_average;
        if threshold > 0.5 { q * q / ((2.0 * threshold - 1.0) * self.coefficients as f64) } else { f64::INFINITY }
    }
}
