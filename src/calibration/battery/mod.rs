//! Battery cells: what their voltage tells.
//!
//! * [`OpenCircuit`]: the voltage of a graphite electrode at rest over its stoichiometry, and back;
//! * [`Relaxation`]: the return to rest after a load, two exponentials;
//! * [`Impedance`]: series resistance and inductance with one RC element, from a spectrum.

mod impedance;
mod open_circuit;
mod relaxation;

pub use impedance::{Impedance, ImpedanceFit, ImpedanceSample};
pub use open_circuit::{GRAPHITE, OpenCircuit, OpenCircuitFit};
pub use relaxation::{Relaxation, RelaxationFit};
