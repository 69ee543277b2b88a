#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| souk_fuzzing::try_input("composition", input));
