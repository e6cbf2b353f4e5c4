#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = flov7_fuzz::Target::named("schema") {
        (target.run)(bytes);
    }
});
