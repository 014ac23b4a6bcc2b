//! What the compiler says to each mistake: one file a mistake in `tests/ui`, the messages beside it. A process of its own: it starts the compiler, for minutes.

#[test]
fn mistakes() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
}
