//! Sensor models.

use core::hint::black_box;

use nalgebra::SVector;
use thalweg::Real;
use thalweg::calibration::accelerometer::{Accelerometer, Affine, PositionsFit, StaticFit};
use thalweg::calibration::allan::{AllanFit, AllanLogFit, Noise};
use thalweg::calibration::battery::{
    Impedance, ImpedanceFit, ImpedanceSample, OpenCircuit, OpenCircuitFit, Relaxation, RelaxationFit,
};
use thalweg::calibration::compensation::{Compensation, CompensationFit, Polynomial};
use thalweg::calibration::encoder::{Encoder, EncoderFit};
use thalweg::calibration::gnss::{Satellite, SatelliteFit};
use thalweg::calibration::gyroscope::{Gyroscope, GyroscopeFit, Turn};
use thalweg::calibration::load_cell::{LoadCell, LoadCellFit};
use thalweg::calibration::multilateration::{Pose, PoseFit, PositionFit, PseudorangeFit, TagRange};
use thalweg::calibration::resistance::{Platinum, PlatinumFit};
use thalweg::calibration::thermistor::{Beta, BetaFit, Exponential, ExponentialFit, SteinhartHart, SteinhartHartFit};
use thalweg::problem::{Block, Forward, Rows};

use crate::{any, see};

fn rows<T: Real, const N: usize, E>(problem: &mut dyn Rows<T, N, Error = E>) {
    let problem = black_box(problem);
    let x = any(SVector::<T, N>::repeat(T::ONE));
    let mut g = SVector::zeros();
    let mut block = Block::new();
    see(problem.rows());
    see(problem.row(any(1), &x, &mut g));
    see(problem.block(any(1), &x, &mut block));
    see((g, block));
}

pub fn everything<T: Real>() {
    let one = || any(T::ONE);
    let x = T::ONE;
    macro_rules! point {
        () => {
            any(SVector::from_element(x))
        };
    }
    let pairs = any([(one(), one()); 9]);
    let pairs = pairs.get(..any(7)).unwrap_or_default();
    let triples = any([(one(), one(), one()); 9]);
    let triples = triples.get(..any(7)).unwrap_or_default();
    let twos = any([[one(); 2]; 9]);
    let twos = twos.get(..any(7)).unwrap_or_default();
    let threes = any([[one(); 3]; 9]);
    let threes = threes.get(..any(7)).unwrap_or_default();

    steinhart::<T, 3>(pairs);
    steinhart::<T, 4>(pairs);
    let model = any(BetaFit::new(pairs, one()));
    see((model.start(), model.sensor(&point!())));
    rows(&mut Forward(model));
    let s = any(Beta { resistance: x, reference: x, beta: x });
    see((s.temperature(one()), s.resistance(one())));
    let model = any(ExponentialFit::new(pairs));
    let s = any(Exponential { a: x, b: x, c: x });
    see((model.start(), model.sensor(&point!()), model.parameters(&s), s.temperature(one()), s.resistance(one())));
    rows(&mut Forward(model));

    platinum::<T, 3>(pairs);
    platinum::<T, 4>(pairs);
    let s = any(Platinum::standard(one()));
    see((s.resistance(one()), s.temperature(one())));

    let model = any(CompensationFit::<T, 3, 2, 5>::new(triples));
    see((model.start(), model.sensor(&point!())));
    rows(&mut Forward(model));
    let model = any(CompensationFit::<T, 0, 2, 2>::new(triples));
    see((model.start(), model.sensor(&point!())));
    rows(&mut Forward(model));
    let polynomial = any(Polynomial { centre: x, width: x, coefficients: SVector::from([x; 3]) });
    let s = any(Compensation { offset: polynomial, gain: polynomial });
    see((polynomial.at(one()), s.apply(one(), one()), s.reading(one(), one())));

    let model = any(LoadCellFit::new(triples, one(), one()));
    let s: LoadCell<T> = model.sensor(&point!());
    see((model.start(), s.reading(one(), one()), s.load(one(), one())));
    rows(&mut Forward(model));

    let model = any(EncoderFit::new(twos));
    let s: Encoder<T> = model.sensor(&point!());
    see((model.start(), model.parameters(&s), s.apply(any([x; 2])), s.angle(any([x; 2])), s.reading(one())));
    rows(&mut Forward(model));

    position::<T, 2>();
    position::<T, 3>();
    pseudoranges::<T, 2, 3>();
    pseudoranges::<T, 3, 4>();
    let samples = any([TagRange { tag: [x; 2], anchor: [x; 2], range: x }; 9]);
    let samples = samples.get(..any(7)).unwrap_or_default();
    let model = any(PoseFit::new(samples));
    let pose: Pose<T> = model.pose(&point!());
    see((model.start(), pose.apply(any([x; 2]))));
    rows(&mut Forward(model));

    gnss::<T, 4>();
    gnss::<T, 5>();

    let model = any(OpenCircuitFit::new(pairs));
    let s: OpenCircuit<T> = model.electrode(&point!());
    see((model.start(), s.voltage(one()), s.stoichiometry(one())));
    rows(&mut Forward(model));
    let model = any(RelaxationFit::new(pairs));
    let s: Relaxation<T> = model.cell(&point!());
    see((model.start(), s.voltage(one())));
    rows(&mut Forward(model));
    let samples = any([ImpedanceSample { frequency: x, impedance: [x; 2] }; 9]);
    let samples = samples.get(..any(7)).unwrap_or_default();
    let model = any(ImpedanceFit::new(samples));
    let s: Impedance<T> = model.cell(&point!());
    see((model.start(), s.at(one())));
    rows(&mut Forward(model));

    let model = any(AllanFit::new(pairs));
    let s: Noise<T> = model.noise(&point!());
    see((model.start(), model.bounds(), model.parameters(&s), s.deviation(one())));
    rows(&mut Forward(model));
    let model = any(AllanLogFit::new(model, &point!()));
    see((model.start(&point!()), model.bounds(), model.noise(&point!())));
    rows(&mut Forward(model));

    let positions = any([([x; 3], [x; 3]); 9]);
    let positions = positions.get(..any(7)).unwrap_or_default();
    let model = any(PositionsFit::new(positions));
    let s: Affine<T> = model.sensor(&point!());
    see((model.start(), s.apply(any([x; 3])), s.reading(any([x; 3]))));
    rows(&mut Forward(model));
    let model = any(StaticFit::new(threes, one()));
    let s: Accelerometer<T> = model.sensor(&point!());
    see((model.start(), model.parameters(&s), model.deviation(&s), s.apply(any([x; 3]))));
    rows(&mut Forward(model));

    let turns = any([Turn { before: [x; 3], after: [x; 3], readings: threes }; 9]);
    let turns = turns.get(..any(7)).unwrap_or_default();
    let mut model = any(GyroscopeFit::new(turns, one(), any([x; 3]), one()));
    let s: Gyroscope<T> = model.sensor(&point!());
    see((model.start(), s.apply(any([x; 3])), s.scale(), s.alignment()));
    rows(&mut model);
}

fn steinhart<T: Real, const N: usize>(pairs: &[(T, T)]) {
    let model = any(SteinhartHartFit::<T, N>::new(pairs));
    let s: SteinhartHart<T, N> = model.sensor(&any(SVector::from_element(T::ONE)));
    see((model.start(), model.parameters(&s), s.temperature(any(T::ONE)), s.resistance(any(T::ONE))));
    rows(&mut Forward(model));
}

fn platinum<T: Real, const N: usize>(pairs: &[(T, T)]) {
    let model = any(PlatinumFit::<T, N>::new(pairs));
    let s = model.sensor(&any(SVector::from_element(T::ONE)));
    see((model.start(), model.parameters(&s)));
    rows(&mut Forward(model));
}

fn position<T: Real, const D: usize>() {
    let samples = any([([T::ONE; D], T::ONE); 9]);
    let model = any(PositionFit::new(samples.get(..any(7)).unwrap_or_default()));
    see(model.start());
    rows(&mut Forward(model));
}

fn pseudoranges<T: Real, const D: usize, const N: usize>() {
    let samples = any([([T::ONE; D], T::ONE); 9]);
    let model = any(PseudorangeFit::<T, D, N>::new(samples.get(..any(7)).unwrap_or_default()));
    see(model.start());
    rows(&mut Forward(model));
}

fn gnss<T: Real, const N: usize>() {
    let samples = any([Satellite { position: [T::ONE; 3], pseudorange: T::ONE, second: false }; 9]);
    let model = any(SatelliteFit::<T, N>::new(samples.get(..any(7)).unwrap_or_default(), any(T::ONE)));
    see((model.start(), model.fix(&any(SVector::from_element(T::ONE)))));
    rows(&mut Forward(model));
}
