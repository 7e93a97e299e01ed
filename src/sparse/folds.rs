//! The folds of a cross-validation.

use std::vec;
use std::vec::Vec;

use crate::sparse::FitError;
use crate::sparse::shuffle::Shuffler;

/// K folds: every observation is held out in one of them.
///
/// ```
/// use thalweg::sparse::Folds;
/// let folds = Folds::stratified(&[true, true, true, false, false, false], 3, 1)?;
/// let with_true: Vec<usize> = (0..3).collect();
/// let mut of_true = folds.labels()[..3].to_vec();
/// of_true.sort();
/// assert_eq!(of_true, with_true);
/// # Ok::<(), thalweg::sparse::FitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    labels: Vec<usize>,
    count: usize,
}

impl Folds {
    /// At random, of sizes that differ by one at most; the same for the same seed.
    ///
    /// # Errors
    /// [`FitError::Folds`] unless `2 ≤ count ≤ observations`.
    pub fn random(observations: usize, count: usize, seed: u64) -> Result<Self, FitError> {
        Self::stratified(&vec![(); observations], count, seed)
    }

    /// At random within each class, so that each fold has its share of every class, to within one. For few classes: the time
    /// is their number times the observations.
    ///
    /// # Errors
    /// [`FitError::Folds`] unless `2 ≤ count ≤ observations`.
    pub fn stratified<C: PartialEq>(classes: &[C], count: usize, seed: u64) -> Result<Self, FitError> {
        checked(classes.len(), count)?;
        let mut distinct: Vec<&C> = Vec::new();
        let mut numbers = Vec::with_capacity(classes.len());
        for class in classes {
            let known = distinct.iter().position(|&other| other == class);
            numbers.push(known.unwrap_or(distinct.len()));
            if known.is_none() {
                distinct.push(class);
            }
        }
        let mut order: Vec<usize> = (0..classes.len()).collect();
        Shuffler::new(seed).shuffle(&mut order);
        order.sort_by_key(|&i| numbers[i]);
        let mut labels = vec![0; classes.len()];
        for (k, i) in order.into_iter().enumerate() {
            labels[i] = k % count;
        }
        Ok(Self { labels, count })
    }

    /// Consecutive observations together, for series in time.
    ///
    /// # Errors
    /// [`FitError::Folds`] unless `2 ≤ count ≤ observations`.
    pub fn blocked(observations: usize, count: usize) -> Result<Self, FitError> {
        checked(observations, count)?;
        Ok(Self { labels: (0..observations).map(|i| i * count / observations).collect(), count })
    }

    /// The fold of every observation, 0, 1, … without a number left out.
    ///
    /// # Errors
    /// [`FitError::EmptyFold`] with a label that no observation has, [`FitError::Folds`] if there are less than two.
    pub fn labelled(labels: &[usize]) -> Result<Self, FitError> {
        let count = labels.iter().max().map_or(0, |&last| last.saturating_add(1));
        if count > labels.len() {
            return Err(FitError::EmptyFold(labels.len()));
        }
        checked(labels.len(), count)?;
        let mut sizes = vec![0_usize; count];
        labels.iter().for_each(|&label| sizes[label] += 1);
        match sizes.iter().position(|&size| size == 0) {
            Some(empty) => Err(FitError::EmptyFold(empty)),
            None => Ok(Self { labels: labels.to_vec(), count }),
        }
    }

    /// K.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The fold that each observation is held out in.
    #[must_use]
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }
}

fn checked(observations: usize, folds: usize) -> Result<(), FitError> {
    if (2..=observations).contains(&folds) { Ok(()) } else { Err(FitError::Folds { folds, observations }) }
}
