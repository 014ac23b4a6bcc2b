//! A panic in a macro is an error that helps to find it.

use axonal_codegen::caught;
use quote::quote;

#[test]
fn an_error_has_the_message_and_the_place_of_a_panic() {
    let literal = caught("network!", || panic!("no layer"));
    let formatted = caught("network!", || panic!("{} layers", 3));
    for (error, message) in [(literal, "no layer"), (formatted, "3 layers")] {
        let error = error.to_string();
        assert!(error.contains("compile_error"), "{error}");
        assert!(error.contains("a mistake in `network!` itself"), "{error}");
        let place = format!("`{message}` at {}:", file!());
        assert!(error.contains(&place), "{error}");
    }
}

#[test]
fn without_a_panic_nothing_is_added() {
    assert_eq!(caught("network!", || quote!(a + b)).to_string(), "a + b");
}
