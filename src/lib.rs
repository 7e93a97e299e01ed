#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(not(all(target_arch = "arm", target_abi = "eabihf")), forbid(unsafe_code))]
#![cfg_attr(all(target_arch = "arm", target_abi = "eabihf"), deny(unsafe_code))]

#[cfg(feature = "sparse")]
extern crate std;

pub mod calibration;
pub mod composite;
pub mod constrained;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
pub mod least_squares;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod linalg;
pub mod line_search;
pub mod penalty;
pub mod problem;
mod random;
mod ranges;
pub mod real;
pub mod smooth;
#[cfg(feature = "sparse")]
pub mod sparse;
pub mod splitting;
pub mod step;

pub use real::{Number, Real};
pub use step::{ConfigError, Criterion, Method, Stall, Status, Steps};
