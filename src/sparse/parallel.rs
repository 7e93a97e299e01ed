//! Independent fits side by side.

use std::vec::Vec;

use rayon::prelude::*;

/// `work(0), …, work(count - 1)` in this order, on so many threads.
pub(crate) fn ordered<T: Send>(threads: usize, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if threads > 1
        && let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build()
    {
        return pool.install(|| (0..count).into_par_iter().map(work).collect());
    }
    (0..count).map(work).collect()
}
