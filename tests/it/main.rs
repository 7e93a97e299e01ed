//! Integration tests, one crate: laws over all methods, equivalences, published references, faults, bad input.

mod nist;
mod reference;
