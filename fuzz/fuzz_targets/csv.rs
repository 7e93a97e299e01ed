//! Any text as a log: numbers or a message with a reason, never a panic, and what was read reads again.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[path = "../../examples/calibrate/log.rs"]
mod log;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    columns: Option<[&'a str; 3]>,
    text: &'a str,
}

fuzz_target!(|input: Input| {
    let columns = input.columns.map(|columns| columns.map(str::to_owned));
    match log::parse(input.text, columns.as_ref()) {
        Err(message) => assert!(!message.is_empty() && message.len() < 4 * input.text.len() + 400, "{message}"),
        Ok(log) => {
            assert!(!log.rows.is_empty() && log.rows.len() <= input.text.len());
            let table: String = log.rows.iter().map(|[x, y, z]| format!("{x:?},{y:?},{z:?}\r\n")).collect();
            let again = log::parse(&table, None).expect("a table of numbers");
            let bits = |rows: &[[f64; 3]]| -> Vec<u64> {
                // The sign of a NaN is lost in text.
                rows.iter().flatten().map(|x| if x.is_nan() { f64::NAN } else { *x }.to_bits()).collect()
            };
            assert_eq!(bits(&again.rows), bits(&log.rows));
        }
    }
});
