//! Bare-metal harness: the measured problems, and what it takes to run and weigh them under emulation.
//!
//! [`data`], [`echo`], [`methods`], [`programs`], [`smooth`] and [`workload`] also compile for the host, which repeats every solve and compares bit for bit.

#![no_std]

pub mod data;
pub mod echo;
pub mod methods;
pub mod programs;
pub mod smooth;
pub mod workload;

#[cfg(target_os = "none")]
pub mod measure;
#[cfg(target_os = "none")]
mod semihosting;
#[cfg(target_os = "none")]
mod startup;
