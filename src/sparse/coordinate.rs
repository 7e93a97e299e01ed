//! Descent on a quadratic plus a penalty over a working set: cycles of coordinate descent with exact proximal steps,
//! finished by Newton's method on the support where the quadratic can be solved, and hurried by extrapolation where it
//! cannot.

use std::vec;
use std::vec::Vec;

use crate::sparse::terms::Terms;

/// `Q(x) = gᵀ(x - x₀) + ½ (x - x₀)ᵀ H (x - x₀)` at a current x that is changed an entry at a time.
pub(crate) trait Quadratic {
    /// Whether [`gradient`](Self::gradient) costs nothing and [`solve`](Self::solve) exists.
    const EXPLICIT: bool;

    /// `∂Q/∂x_k`.
    fn gradient(&self, k: usize) -> f64;

    /// `H_kk`.
    fn curvature(&self, k: usize) -> f64;

    /// No less than the largest eigenvalue of the block of H from `first` on.
    fn block_curvature(&self, first: usize, size: usize) -> f64;

    /// `x_k += change`.
    fn shift(&mut self, k: usize, change: f64);

    /// Several changes, one after the other.
    fn shift_all(&mut self, changes: &[(usize, f64)]) {
        for &(k, change) in changes {
            self.shift(k, change);
        }
    }

    /// Announces that only these places will be asked for and changed, until [`widen`](Self::widen).
    fn narrow(&mut self, _places: &[usize]) {}

    /// Takes in what was changed since [`narrow`](Self::narrow).
    fn widen(&mut self) {}

    /// Overwrites `right` with the solution of `(H + diag(extra)) d = right` on the listed entries; `false` if there is none.
    fn solve(&mut self, support: &[usize], extra: &[f64], right: &mut [f64]) -> bool;
}

/// The blocks in play, and the places of their coefficients in short vectors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Working {
    /// The blocks.
    pub(crate) blocks: Vec<usize>,
    /// The place of the first coefficient of each block, and the number of places.
    pub(crate) starts: Vec<usize>,
    /// The coefficient at each place.
    pub(crate) columns: Vec<usize>,
}

impl Working {
    pub(crate) fn push<T: Terms>(&mut self, terms: &T, block: usize) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.blocks.push(block);
        self.columns.extend(terms.columns(block).iter());
        self.starts.push(self.columns.len());
    }

    /// Blocks with the ranges of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, core::ops::Range<usize>)> + '_ {
        self.blocks.iter().zip(self.starts.windows(2)).map(|(&block, ends)| (block, ends[0]..ends[1]))
    }
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effort {
    pub(crate) epochs: usize,
    pub(crate) newton: usize,
}

/// Epochs between two extrapolations, and the number of differences they use (Bertrand & Massias 2021).
const HISTORY: usize = 5;

/// After a first failure of Newton's method there is a cycle over everything; after more, what is zero is left out.
const PATIENT: usize = 2;

/// Lowers `Q + p` until no block has a gap above `tolerance`, or the budget of epochs is spent. x holds the places of
/// `working`; a coordinate steps as if its curvature were at least that in `floors`, if there are any.
pub(crate) fn descend<Q: Quadratic, T: Terms>(
    quadratic: &mut Q,
    terms: &T,
    working: &Working,
    x: &mut [f64],
    floors: &[f64],
    tolerance: f64,
    budget: usize,
) -> Effort {
    let mut effort = Effort::default();
    let mut scratch = Vec::new();
    let mut history: Vec<Vec<f64>> = Vec::new();
    let mut support: Vec<usize> = Vec::new();
    // Where the curvature is not positive Newton's method is tried in one round of cycles in 2, 4, 8, …
    let (mut wait, mut pause) = (0, 1);
    while effort.epochs < budget {
        effort.epochs += 1;
        let moved = epoch(quadratic, terms, working, 0..working.blocks.len(), x, floors, &mut scratch);
        if Q::EXPLICIT {
            if gap(quadratic, terms, working, x, &mut scratch) <= tolerance {
                break;
            }
            if wait == 0 {
                let mut last = f64::INFINITY;
                loop {
                    if !newton(quadratic, terms, working, x) {
                        (wait, pause) = (pause, 2 * pause);
                        break;
                    }
                    pause = 1;
                    effort.newton += 1;
                    let gap = gap(quadratic, terms, working, x, &mut scratch);
                    if gap <= tolerance {
                        return effort;
                    }
                    if !(gap <= 0.5 * last && gap.is_finite()) {
                        break;
                    }
                    last = gap;
                }
            } else {
                wait -= 1;
            }
            if pause <= PATIENT {
                continue;
            }
        } else if moved <= tolerance {
            break;
        }
        // What is zero now is left out for a few cycles.
        support.clear();
        support.extend(
            working
                .iter()
                .enumerate()
                .filter(|(_, (_, places))| x[places.clone()].iter().any(|&x| x != 0.0))
                .map(|(i, _)| i),
        );
        let places: Vec<usize> = support.iter().flat_map(|&i| working.starts[i]..working.starts[i + 1]).collect();
        quadratic.narrow(&places);
        history.clear();
        history.push(x.to_vec());
        for _ in 0..2 * HISTORY {
            effort.epochs += 1;
            let mut moved: f64 = 0.0;
            for &i in &support {
                moved = moved.max(epoch(quadratic, terms, working, i..i + 1, x, floors, &mut scratch));
            }
            history.push(x.to_vec());
            if history.len() > HISTORY + 1 {
                extrapolate(quadratic, terms, working, x, &history);
                history.clear();
                history.push(x.to_vec());
            }
            if moved <= 0.3 * tolerance {
                break;
            }
        }
        quadratic.widen();
    }
    effort
}

/// One cycle over some blocks; the largest move in units of the gradient.
fn epoch<Q: Quadratic, T: Terms>(
    quadratic: &mut Q,
    terms: &T,
    working: &Working,
    blocks: core::ops::Range<usize>,
    x: &mut [f64],
    floors: &[f64],
    scratch: &mut Vec<f64>,
) -> f64 {
    let mut largest: f64 = 0.0;
    for i in blocks {
        let (block, first, size) = (working.blocks[i], working.starts[i], working.starts[i + 1] - working.starts[i]);
        let floor = floors.get(first).copied().unwrap_or(0.0);
        if size == 1 {
            let curvature = quadratic.curvature(first).max(floor);
            if curvature > 0.0 {
                let mut z = [x[first] - quadratic.gradient(first) / curvature];
                terms.prox(block, &mut z, 1.0 / curvature);
                let change = z[0] - x[first];
                if change != 0.0 {
                    quadratic.shift(first, change);
                    x[first] = z[0];
                    largest = largest.max(change.abs() * curvature);
                }
            }
        } else {
            let curvature = quadratic.block_curvature(first, size).max(floor);
            if curvature > 0.0 {
                scratch.clear();
                scratch.extend((first..first + size).map(|k| x[k] - quadratic.gradient(k) / curvature));
                terms.prox(block, scratch, 1.0 / curvature);
                let mut square = 0.0;
                for (k, &z) in (first..).zip(scratch.iter()) {
                    let change = z - x[k];
                    if change != 0.0 {
                        quadratic.shift(k, change);
                        x[k] = z;
                        square += change * change;
                    }
                }
                largest = largest.max(square.sqrt() * curvature);
            }
        }
    }
    largest
}

/// The largest gap of a block.
pub(crate) fn gap<Q: Quadratic, T: Terms>(
    quadratic: &Q,
    terms: &T,
    working: &Working,
    x: &[f64],
    scratch: &mut Vec<f64>,
) -> f64 {
    let mut largest: f64 = 0.0;
    for (block, places) in working.iter() {
        scratch.clear();
        scratch.extend(places.clone().map(|k| quadratic.gradient(k)));
        largest = largest.max(terms.gap(block, &x[places], scratch));
    }
    largest
}

/// `p′` at a point where it exists, from the distances that a gap measures.
pub(crate) fn slope<T: Terms>(terms: &T, block: usize, x: f64) -> f64 {
    let size = terms.gap(block, &[x], &mut [0.0]);
    if terms.gap(block, &[x], &mut [size]) > size { size } else { -size }
}

/// `p″` by a difference: exact, but for rounding, where the penalty is quadratic nearby.
pub(crate) fn bend<T: Terms>(terms: &T, block: usize, x: f64) -> f64 {
    let step = 1e-5 * x;
    (slope(terms, block, x + step) - slope(terms, block, x - step)) / (2.0 * step)
}

/// Newton's method on the support. What a step would carry past zero ends there, and the method goes on without it: all of
/// that at once, or, where that raises the objective, what comes to zero first, and the step with it. `false`, with x as
/// before the step that failed, if there is no support, the curvature is not positive or the objective rises.
fn newton<Q: Quadratic, T: Terms>(quadratic: &mut Q, terms: &T, working: &Working, x: &mut [f64]) -> bool {
    let mut support: Vec<(usize, usize)> = working
        .iter()
        .filter(|(block, places)| {
            let k = places.start;
            places.len() == 1 && x[k] != 0.0 && quadratic.curvature(k) > 0.0 && terms.is_interior(*block, x[k])
        })
        .map(|(block, places)| (block, places.start))
        .collect();
    if support.is_empty() {
        return false;
    }
    while !support.is_empty() {
        let bends: Vec<f64> = support.iter().map(|&(block, k)| bend(terms, block, x[k])).collect();
        let descent = |&(block, k): &(usize, usize)| -(quadratic.gradient(k) + slope(terms, block, x[k]));
        let mut step: Vec<f64> = support.iter().map(descent).collect();
        let places: Vec<usize> = support.iter().map(|&(_, k)| k).collect();
        if !quadratic.solve(&places, &bends, &mut step) || !step.iter().all(|d| d.is_finite()) {
            return false;
        }
        // How far each can go, in steps.
        let reach = |i: usize| -x[places[i]] / step[i];
        let mut ending: Vec<usize> = (0..places.len()).filter(|&i| (0.0..=1.0).contains(&reach(i))).collect();
        let mut changes: Vec<(usize, f64)> = places.iter().copied().zip(step.iter().copied()).collect();
        ending.iter().for_each(|&i| changes[i].1 = -x[places[i]]);
        if !lowers(quadratic, terms, &support, x, &changes) {
            let Some(first) = ending.into_iter().min_by(|&a, &b| reach(a).total_cmp(&reach(b))) else { return false };
            changes = places.iter().zip(&step).map(|(&k, d)| (k, reach(first) * d)).collect();
            changes[first].1 = -x[places[first]];
            ending = vec![first];
            if !lowers(quadratic, terms, &support, x, &changes) {
                return false;
            }
        }
        changes.iter().for_each(|&(k, d)| x[k] += d);
        for &i in ending.iter().rev() {
            x[places[i]] = 0.0;
            support.remove(i);
        }
        if ending.is_empty() {
            return true;
        }
    }
    true
}

/// Moves the quadratic by the changes on the support, unless that raises the objective.
fn lowers<Q: Quadratic, T: Terms>(
    quadratic: &mut Q,
    terms: &T,
    support: &[(usize, usize)],
    x: &[f64],
    changes: &[(usize, f64)],
) -> bool {
    let (mut change, mut size) = (0.0, 0.0);
    for (&(block, _), &(k, d)) in support.iter().zip(changes) {
        let (old, new) = (terms.value(block, &[x[k]]), terms.value(block, &[x[k] + d]));
        change += new - old + 0.5 * quadratic.gradient(k) * d;
        size += new.abs() + old.abs();
    }
    quadratic.shift_all(changes);
    change += changes.iter().map(|&(k, d)| 0.5 * quadratic.gradient(k) * d).sum::<f64>();
    // Out of bounds the objective is infinite, and so is the size.
    let falls = change.is_finite() && change <= 1e-14 * size;
    if !falls {
        let back: Vec<(usize, f64)> = changes.iter().map(|&(k, d)| (k, -d)).collect();
        quadratic.shift_all(&back);
    }
    falls
}

/// Anderson's extrapolation of the last iterates on their support, kept if it lowers the objective.
fn extrapolate<Q: Quadratic, T: Terms>(
    quadratic: &mut Q,
    terms: &T,
    working: &Working,
    x: &mut [f64],
    history: &[Vec<f64>],
) {
    let differences: Vec<Vec<f64>> =
        history.windows(2).map(|pair| pair[1].iter().zip(&pair[0]).map(|(b, a)| b - a).collect()).collect();
    let Some(mix) = mixture(&differences) else { return };
    let candidate: Vec<f64> = (0..x.len())
        .map(|k| if x[k] == 0.0 { 0.0 } else { mix.iter().zip(&history[1..]).map(|(a, x)| a * x[k]).sum() })
        .collect();
    let mut change = 0.0;
    for (block, places) in working.iter() {
        if candidate[places.clone()] != x[places.clone()] {
            change += terms.value(block, &candidate[places.clone()]) - terms.value(block, &x[places]);
        }
    }
    let moves: Vec<(usize, f64)> = candidate
        .iter()
        .zip(x.iter())
        .enumerate()
        .map(|(k, (new, old))| (k, new - old))
        .filter(|(_, d)| *d != 0.0)
        .collect();
    for &(k, d) in &moves {
        change += 0.5 * quadratic.gradient(k) * d;
    }
    quadratic.shift_all(&moves);
    for &(k, d) in &moves {
        change += 0.5 * quadratic.gradient(k) * d;
    }
    if change < 0.0 {
        x.copy_from_slice(&candidate);
    } else {
        let back: Vec<(usize, f64)> = moves.iter().map(|&(k, d)| (k, -d)).collect();
        quadratic.shift_all(&back);
    }
}

/// The weights, summing to one, with which the differences nearly cancel: `(UᵀU) a = 1`, normalised.
fn mixture(differences: &[Vec<f64>]) -> Option<Vec<f64>> {
    let count = differences.len();
    let mut gram = vec![vec![0.0; count + 1]; count];
    for i in 0..count {
        for k in 0..count {
            gram[i][k] = differences[i].iter().zip(&differences[k]).map(|(a, b)| a * b).sum();
        }
        gram[i][count] = 1.0;
    }
    let ridge = 1e-10 * (0..count).map(|i| gram[i][i]).sum::<f64>();
    if !(ridge > 0.0) {
        return None;
    }
    for i in 0..count {
        gram[i][i] += ridge;
    }
    for i in 0..count {
        for k in i + 1..count {
            let factor = gram[k][i] / gram[i][i];
            for l in i..=count {
                gram[k][l] -= factor * gram[i][l];
            }
        }
    }
    let mut mix = vec![0.0; count];
    for i in (0..count).rev() {
        let known: f64 = (i + 1..count).map(|k| gram[i][k] * mix[k]).sum();
        mix[i] = (gram[i][count] - known) / gram[i][i];
    }
    let sum: f64 = mix.iter().sum();
    mix.iter_mut().for_each(|a| *a /= sum);
    mix.iter().all(|a| a.is_finite()).then_some(mix)
}
