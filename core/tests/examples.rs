//! Every example is a test: what its requests expect comes true.

mod common;

use ambient_core::wire;

#[test]
fn every_example_does_what_it_says() {
    let mut problems = Vec::new();
    let files = common::files("../examples", "yaml");
    assert!(files.len() >= 2, "the examples are there");
    for file in files {
        let text = common::read(&file);
        let input: wire::Input =
            serde_yaml::from_str(&text).expect("the example has the contract's shape");
        let evaluation = ambient_core::evaluate(&input);
        assert!(
            !evaluation.results.is_empty(),
            "{} has requests",
            file.display()
        );
        problems.extend(
            common::unmet(&evaluation)
                .iter()
                .map(|line| format!("{}: {line}", file.display())),
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
