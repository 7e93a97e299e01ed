//! Benches only; see `run`.
