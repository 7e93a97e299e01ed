#![no_std]
#![no_main]

use firmware::echo::{Echo, heard};
use firmware::measure::{Clock, Meter, finish};

#[unsafe(no_mangle)]
fn main() -> ! {
    let clock = Clock::start();
    let mut echo = Echo::new();
    let mut listening = Meter::new(&clock);
    for sample in heard() {
        listening.call((&mut echo, sample), |(echo, sample)| echo.listen(sample));
    }
    listening.log_worst("sample");
    let mut solving = Meter::new(&clock);
    while solving.call(&mut echo, Echo::tick) {}
    solving.log_worst("tick");
    solving.log_all("ticks");
    finish(&echo)
}
