#![no_std]
#![no_main]

use firmware::measure::{Clock, Meter, finish};
use firmware::workload::{Magnetometer, calibrate};
use thalweg::calibration::Settings;

#[unsafe(no_mangle)]
fn main() -> ! {
    let clock = Clock::start();
    let (mut pushes, mut ticks) = (Meter::new(&clock), Meter::new(&clock));
    let mut calibrator = Magnetometer::new(Settings::default());
    calibrate(
        &mut calibrator,
        |calibrator, reading| pushes.call((calibrator, reading), |(calibrator, reading)| calibrator.push(reading)),
        |calibrator| ticks.call(calibrator, Magnetometer::tick),
    );
    pushes.log_all("pushes");
    pushes.log_worst("push");
    ticks.log_all("ticks");
    ticks.log_worst("tick");
    if let Some(found) = calibrator.result() {
        defmt::println!(
            "{} with the model {}, from {=usize} of {=u64} readings, {=u32} dropped as outliers",
            found.verdict,
            found.model,
            found.used,
            calibrator.pushed(),
            calibrator.dropped()
        );
        defmt::println!("offset {} +- {} uT", found.offset.as_slice(), found.offset_errors.as_slice());
        defmt::println!(
            "field {=f32} uT, relative error {=f32} before and {=f32} after",
            found.field,
            found.rms_before,
            found.rms_after
        );
    }
    finish(&calibrator)
}
