//! Battery curves.

use core::f64::consts::TAU;

use nalgebra::SVector;
use thalweg::Real;
use thalweg::calibration::battery::{
    GRAPHITE, Impedance, ImpedanceFit, ImpedanceSample, OpenCircuit, OpenCircuitFit, Relaxation, RelaxationFit,
};
use thalweg::problem::Forward;

use super::{Noise, assert_digits, assert_honest, assert_near, assert_within_errors, both, cast, fit, squares};
use crate::problems::{point, wide};
use crate::reference;

fn open_circuit<T: Real>() {
    let mut parameters = cast::<T, 12>(GRAPHITE);
    for (j, p) in parameters.iter_mut().enumerate() {
        *p *= T::of_f64(1.0 + 0.03 * f64::from(j as u32 % 3) - 0.02);
    }
    let truth = OpenCircuit { parameters };
    let samples = |deviation| -> Vec<_> {
        let mut noise = Noise::new(11);
        let places = (3..100).map(|k| T::of_f64(0.01 * f64::from(k)));
        places.map(|x| (x, truth.voltage(x) + noise.next(deviation))).collect()
    };
    let exact = samples(0.0);
    let model = OpenCircuitFit::new(&exact);
    let found = model.electrode(fit(Forward(model), model.start()).x());
    for (x, voltage) in &exact {
        assert!((found.voltage(*x) - *voltage).to_f64().abs() < 1e2 * T::EPSILON.to_f64());
    }
    let noisy = samples(5e-4);
    let model = OpenCircuitFit::new(&noisy);
    assert_within_errors(&fit(Forward(model), model.start()), &SVector::from(parameters));
}

fn stoichiometry<T: Real>() {
    let electrode = OpenCircuit { parameters: cast::<T, 12>(GRAPHITE) };
    for k in 1..10 {
        let x = T::of_f64(0.1 * f64::from(k));
        let back = electrode.stoichiometry(electrode.voltage(x));
        assert!((electrode.voltage(back) - electrode.voltage(x)).to_f64().abs() < 10.0 * T::EPSILON.to_f64());
    }
    assert!(electrode.stoichiometry(T::of_f64(9.0)).to_f64() < 1e-6);
    assert!(electrode.stoichiometry(T::of_f64(-9.0)).to_f64() > 1.0 - 1e-6);
    assert!(!electrode.stoichiometry(T::NAN).is_finite());
}

fn relaxation<T: Real>() {
    let truth = Relaxation { rest: T::of_f64(3.7), amplitude: cast([-0.02, -0.05]), time: cast([5.0, 60.0]) };
    let samples = |deviation| -> Vec<_> {
        let mut noise = Noise::new(12);
        let times = (0..120).map(|k| T::of_f64(2.0 * f64::from(k)));
        times.map(|t| (t, truth.voltage(t) + noise.next(deviation))).collect()
    };
    let parameters = |length: f64| point([3.7, -0.02, -0.05, (5.0 / length).ln(), (60.0 / length).ln()]);
    let exact = samples(0.0);
    let model = RelaxationFit::new(&exact);
    let state = fit(Forward(model), model.start());
    assert_near(state.x(), &parameters(238.0), 2e4 * T::EPSILON.to_f64());
    // The faster element comes first, whatever the order of the parameters.
    let [v, a, b, fast, slow] = state.x().data.0[0];
    for x in [[v, a, b, fast, slow], [v, b, a, slow, fast]] {
        let cell = model.cell(&SVector::from(x));
        assert_digits(&[cell.time[0].to_f64(), cell.time[1].to_f64()], &[5.0, 60.0], 2e4 * T::EPSILON.to_f64());
        assert!((cell.voltage(T::TWO) - truth.voltage(T::TWO)).to_f64().abs() < 20.0 * T::EPSILON.to_f64());
    }
    let noisy = samples(2e-4);
    let model = RelaxationFit::new(&noisy);
    assert_within_errors(&fit(Forward(model), model.start()), &parameters(238.0));
}

fn impedance<T: Real>() {
    let [series, inductance, resistance, capacitance] = [0.015, 2e-7, 0.022, 1.3].map(T::of_f64);
    let truth = Impedance { series, inductance, resistance, capacitance };
    let samples = |deviation: f64| -> Vec<_> {
        let mut noise = Noise::new(13);
        let frequencies = (0..31).map(|k| T::of_f64(10.0_f64.powf(-1.0 + f64::from(k) / 6.0)));
        frequencies
            .map(|frequency| {
                let impedance = truth.at(frequency);
                let size = Real::hypot(impedance[0], impedance[1]);
                ImpedanceSample { frequency, impedance: impedance.map(|z| z + size * noise.next(deviation)) }
            })
            .collect()
    };
    let expected = point([0.015, 0.2, 0.022, 1.3_f64.ln()]);
    let exact = samples(0.0);
    let model = ImpedanceFit::new(&exact);
    let state = fit(Forward(model), model.start());
    assert_near(state.x(), &expected, 50.0 * T::EPSILON.to_f64());
    let cell = model.cell(state.x());
    let found = [cell.series, cell.inductance, cell.resistance, cell.capacitance].map(T::to_f64);
    assert_digits(&found, &[0.015, 2e-7, 0.022, 1.3], 1e3 * T::EPSILON.to_f64());
    let noisy = samples(2e-3);
    let model = ImpedanceFit::new(&noisy);
    assert_within_errors(&fit(Forward(model), model.start()), &expected);
}

/// `Z = R₀ + jωL + 1/(1/R₁ + jωC)`, by complex division.
#[test]
fn impedance_of_the_circuit() {
    let cell = Impedance { series: 0.1, inductance: 1e-6, resistance: 0.5, capacitance: 0.02 };
    for frequency in [0.1, 7.0, 300.0, 2e4] {
        let omega = TAU * frequency;
        let (g, b): (f64, f64) = (1.0 / 0.5, omega * 0.02);
        let size = g * g + b * b;
        let [real, imaginary]: [f64; 2] = cell.at(frequency);
        assert_digits(&[real, imaginary], &[0.1 + g / size, omega * 1e-6 - b / size], 1e-13);
    }
}

fn bad_samples_end_honestly<T: Real>() {
    let good = [(T::of_f64(0.2), T::of_f64(0.2)), (T::of_f64(0.5), T::of_f64(0.1)), (T::ONE, T::of_f64(0.05))];
    let bad = [good[0], (T::NAN, T::ONE), good[2]];
    assert_honest(OpenCircuitFit::new(&[]), OpenCircuitFit::new(&bad), OpenCircuitFit::new(&good).start());
    assert_honest(RelaxationFit::new(&[]), RelaxationFit::new(&bad), RelaxationFit::new(&good).start());
    let sample = ImpedanceSample { frequency: T::ONE, impedance: cast([0.1, -0.1]) };
    let tainted = [sample, ImpedanceSample { frequency: T::NAN, ..sample }];
    assert_honest(ImpedanceFit::new(&[]), ImpedanceFit::new(&tainted), point([0.1, 0.0, 0.1, 0.0]));
    assert!(!ImpedanceFit::<T>::new(&[]).start()[0].is_finite());
}

both!(open_circuit stoichiometry relaxation impedance bad_samples_end_honestly);

#[test]
fn graphite_of_a_cell() {
    let Some(set) = reference::folder("battery/ocv-graphite") else { return };
    let (meta, (_, rows)) = (reference::meta(&set), reference::table(&set.join("data.csv")));
    let list = |key| reference::numbers(&meta, "fit", key);
    let sse = reference::number(&meta["fit"]["sse"]);
    let samples: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
    let model = OpenCircuitFit::new(&samples);
    assert_eq!(list("start"), GRAPHITE);
    for start in [model.start(), SVector::from_iterator(list("start2"))] {
        assert!(squares(&model, &start) > 5.0 * sse);
        let x = *fit(Forward(model), start).x();
        assert_digits(&[squares(&model, &x)], &[sse], 1e-10);
        assert_digits(x.as_slice(), &list("params"), 1e-5);
    }
    let singles: Vec<_> = samples.iter().map(|(x, v)| (*x as f32, *v as f32)).collect();
    let single = OpenCircuitFit::new(&singles);
    let x = wide(fit(Forward(single), single.start()).x());
    assert_digits(&[squares(&model, &x)], &[sse], 1e-4);
}

#[test]
fn spectrum_of_a_test_circuit() {
    let Some(set) = reference::folder("battery/eis-test-circuit") else { return };
    let (meta, (_, rows)) = (reference::meta(&set), reference::table(&set.join("data.csv")));
    let list = |key| reference::numbers(&meta, "fit", key);
    let sse = reference::number(&meta["fit"]["sse"]);
    let of = |row: &Vec<f64>| ImpedanceSample { frequency: row[0], impedance: [row[1], row[2]] };
    let samples: Vec<_> = rows.iter().map(of).collect();
    let model = ImpedanceFit::new(&samples);
    for start in [model.start(), SVector::from_iterator(list("start")), SVector::from_iterator(list("start2"))] {
        let x = *fit(Forward(model), start).x();
        assert_digits(&[squares(&model, &x)], &[sse], 1e-10);
        assert_digits(x.as_slice(), &list("params"), 1e-7);
    }
    let narrow = |s: &ImpedanceSample<f64>| ImpedanceSample {
        frequency: s.frequency as f32,
        impedance: s.impedance.map(|z| z as f32),
    };
    let singles: Vec<_> = samples.iter().map(narrow).collect();
    let single = ImpedanceFit::new(&singles);
    let x = wide(fit(Forward(single), single.start()).x());
    assert_digits(&[squares(&model, &x)], &[sse], 1e-4);
}
