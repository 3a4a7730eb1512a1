//! The program as a shell sees it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ambient-server"))
}

fn check(files: &[&Path]) -> Output {
    program().arg("check").args(files).output().unwrap()
}

/// A file that lives until the tests are built anew; `name` is used once.
fn file(name: &str, content: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

const BOOKINFO: &str = include_str!("../../examples/bookinfo.yaml");

#[test]
fn check_passes_where_every_answer_is_as_expected() {
    let output = check(&[&file("met.yaml", BOOKINFO)]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("  ok   "), "{text}");
    assert!(!text.contains("FAIL"), "{text}");
}

#[test]
fn check_fails_where_an_answer_is_another_one() {
    let turned = BOOKINFO
        .replace("expect: allow", "expect: unknown")
        .replace("verdict: allow", "verdict: unknown");
    assert_ne!(turned, BOOKINFO);
    let output = check(&[
        &file("met-too.yaml", BOOKINFO),
        &file("unmet.yaml", &turned),
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("  FAIL "), "{text}");
}

#[test]
fn check_fails_where_a_request_cannot_be_read() {
    let requests = [
        "requests: [{ from: 7, expect: deny }]",
        "requests: |\n  - from: 7\n    expect: deny",
        "requests: |\n  - from: [",
    ];
    for (index, request) in requests.into_iter().enumerate() {
        let output = check(&[&file(&format!("broken-{index}.yaml"), request)]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("  error WP"), "{text}");
    }
}

#[test]
fn check_asks_requests_of_manifests_in_files_of_their_own() {
    let service = file(
        "service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: { name: a, namespace: b }\nspec: { ports: [{ port: 80 }] }\n",
    );
    let broken = file("kaputt.yaml", "kind: [\n");
    let requests = |expected: &str| {
        let content = format!(
            "settings: {{ trustDomain: td }}\nrequests:\n- from: {{ outside: true }}\n  to: {{ service: b/a, port: 80 }}\n  expect: {expected}\n"
        );
        file(&format!("requests-{expected}.yaml"), &content)
    };
    for (expected, status) in [("allow", 0), ("deny", 1)] {
        let output = program()
            .arg("check")
            .args([&service, &broken])
            .arg("--requests")
            .arg(requests(expected))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(status), "{text}");
        assert!(text.contains("kaputt.yaml 2:1: "), "{text}");
    }
    for (manifests, requests) in [
        (&service, Path::new("nowhere")),
        (&PathBuf::from("nowhere"), &service),
    ] {
        let output = program()
            .arg("check")
            .arg(manifests)
            .arg("--requests")
            .arg(requests)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.starts_with("nowhere: "), "{text}");
    }
}

#[test]
fn serve_refuses_an_origin_that_no_browser_sends() {
    let output = program()
        .args(["serve", "--cors-origin", "https://docs.example/"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("without a path"), "{text}");
}

#[test]
fn check_says_which_file_it_cannot_read() {
    let cases = [
        (PathBuf::from("no-such-file.yaml"), "no-such-file.yaml: "),
        (file("broken.yaml", "manifests: [\n"), "broken.yaml: 2:1: "),
        (file("broken.json", "{\n  x\n}"), "broken.json: 2:3: "),
        (file("typo.yaml", "request: []"), "unknown field `request`"),
    ];
    for (path, message) in cases {
        let output = check(&[&path]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(message), "{text}");
    }
}

#[test]
fn serve_says_that_the_port_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = program().args(["serve", "--port", &port]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let expected = format!("error: port {port} of 127.0.0.1 is already in use");
    assert!(text.starts_with(&expected), "{text}");
}

#[cfg(unix)]
#[test]
fn serve_answers_until_it_is_told_to_stop() {
    let mut server = program()
        .args(["serve", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(server.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let (_, address) = line.trim().split_once("http://").expect("an address");

    let mut connection = TcpStream::connect(address).unwrap();
    connection
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    let pid = server.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
