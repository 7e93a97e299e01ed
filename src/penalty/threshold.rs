//! The one number behind projections onto simplices and norm balls, found without sorting.

use crate::real::Real;

/// The θ with `Σ max(vⱼ - θ, 0) = total` for a positive total, as `(top, excess)` with θ = top + excess, where top is the
/// largest entry: so a small total beside large entries loses nothing to rounding.
///
/// Michelot, "A finite algorithm for finding the projection of a point onto the canonical simplex of Rⁿ", 1986: the
/// average over the entries above the last threshold, which rises and drops at least one entry a pass.
pub(super) fn simplex_threshold<T: Real>(v: impl Iterator<Item = T> + Clone, total: T) -> (T, T) {
    let top = v.clone().fold(-T::INFINITY, |top, v| if v <= top { top } else { v });
    let mut theta = -total;
    let mut last = usize::MAX;
    for _ in v.clone() {
        let (mut sum, mut count) = (T::ZERO, 0);
        for v in v.clone() {
            if v - top > theta {
                sum += v - top;
                count += 1;
            }
        }
        if count == last || count == 0 {
            break;
        }
        last = count;
        theta = (sum - total) / T::of_usize(count);
    }
    (top, theta)
}

/// The θ with `Σ min(max(vⱼ - θ, 0), cap) = total`, for `0 ≤ total ≤ n cap`, as a number and a small correction.
///
/// Bitran & Hax, "Disaggregation and resource allocation using convex knapsack problems", 1981: the threshold of what is
/// still free; the side on which more is cut off is settled for good, so every pass settles at least one entry.
pub(super) fn capped_threshold<T: Real>(v: impl Iterator<Item = T> + Clone, cap: T, total: T) -> (T, T) {
    let (mut low, mut high) = (-T::INFINITY, T::INFINITY);
    let mut theta = T::ZERO;
    for _ in v.clone() {
        let (mut sum, mut count, mut full) = (T::ZERO, 0, 0);
        for v in v.clone() {
            if v >= high {
                full += 1;
            } else if v > low {
                sum += v;
                count += 1;
            }
        }
        if count == 0 {
            break;
        }
        theta = (sum - (total - cap * T::of_usize(full))) / T::of_usize(count);
        let (mut below, mut above) = (T::ZERO, T::ZERO);
        for v in v.clone().filter(|&v| v > low && v < high) {
            if v < theta {
                below += theta - v;
            } else if v > theta + cap {
                above += v - theta - cap;
            }
        }
        if below > above {
            low = theta;
        } else if above > below {
            high = theta + cap;
        } else {
            break;
        }
    }
    let (mut rest, mut count) = (-total, 0);
    for v in v.map(|v| v - theta) {
        if v >= cap {
            rest += cap;
        } else if v > T::ZERO {
            rest += v;
            count += 1;
        }
    }
    (theta, if count > 0 { rest / T::of_usize(count) } else { T::ZERO })
}

/// The τ that minimizes `Σ (hⱼ - τ)²` over the entries with `true` plus `Σ max(hⱼ - τ, 0)²` over the others: the multiplier
/// of a simplex or a norm ball at one of its points. Rises as above.
pub(super) fn multiplier<T: Real>(h: impl Iterator<Item = (T, bool)> + Clone) -> T {
    let mut tau = -T::INFINITY;
    let mut last = usize::MAX;
    for _ in h.clone() {
        let (mut sum, mut count) = (T::ZERO, 0);
        for (h, always) in h.clone() {
            if always || h > tau {
                sum += h;
                count += 1;
            }
        }
        if count == last || count == 0 {
            break;
        }
        last = count;
        tau = sum / T::of_usize(count);
    }
    tau
}

/// The distinct values from the largest on, each with how often it occurs; one pass a value.
pub(super) fn levels<T: Real>(v: impl Iterator<Item = T> + Clone) -> impl Iterator<Item = (T, usize)> {
    let mut bound = None;
    core::iter::from_fn(move || {
        let mut next = None;
        for v in v.clone().filter(|&v| bound.is_none_or(|bound| v < bound)) {
            next = match next {
                Some((top, times)) if v == top => Some((top, times + 1_usize)),
                Some((top, times)) if !(v > top) => Some((top, times)),
                _ => Some((v, 1)),
            };
        }
        bound = next.map(|(top, _)| top).or(bound);
        next
    })
}

/// What rounding may make of a sum of `count` terms up to `scale`.
pub(super) fn rounding<T: Real>(count: usize, scale: T) -> T {
    T::of_f64(4.0) * T::EPSILON * (T::of_usize(count) + T::TWO) * scale
}
