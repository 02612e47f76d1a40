//! A configuration: any text is read or refused, and what is read is written and read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::configured;

fuzz_target!(|text: &str| {
    let Ok(config) = configured(text) else { return };
    let sound = config.check().is_ok();
    let written = toml::to_string(&config).unwrap();
    let again = configured(&written).unwrap();
    assert_eq!(again, config, "{written}");
    assert_eq!(again.check().is_ok(), sound);
    if sound {
        // What passed the check can be acted upon.
        let _ = (config.hub.limits(), config.hub.durability(), config.limits.of_token());
        let _ = config.collectors.sampling(&config.server.host_name);
    }
});
