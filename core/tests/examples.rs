//! Every example is a test: what its requests expect comes true.

mod common;

use ambient_core::wire;

/// What all documents of requests are checked by: were it deaf, none of their tests could fail.
#[test]
fn no_request_gets_a_verdict_that_is_not_its_own() {
    for file in common::files("../examples", "yaml") {
        let text = common::read(&file);
        let mut input: wire::Input =
            serde_yaml::from_str(&text).expect("the example has the contract's shape");
        let verdicts = ambient_core::evaluate(&input).results.into_iter();
        let verdicts: Vec<wire::Verdict> = verdicts.map(|answer| answer.verdict).collect();
        let wire::Requests::List(requests) = &mut input.requests else {
            panic!("{}: the requests of examples are a list", file.display());
        };
        for (request, verdict) in requests.iter_mut().zip(&verdicts) {
            let another = match verdict {
                wire::Verdict::Allow => "deny",
                wire::Verdict::Deny | wire::Verdict::Unknown => "allow",
            };
            request["expect"] = another.into();
        }
        let unmet = common::unmet(&ambient_core::evaluate(&input));
        assert_eq!(unmet.len(), verdicts.len(), "{}", file.display());
    }
}

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
