//! What `souk router` says of a `router.yaml` that it cannot use.

use crate::Folder;

#[test]
fn it_names_the_file_and_the_key() {
    let folder = Folder::new(&[
        ("supergraph.graphql", "type Query { a: Int }"),
        ("ca.pem", "no certificate"),
        (
            "tls.yaml",
            "tls: { subgraph: { all: { certificate_authorities: '${file.ca.pem}' } } }",
        ),
        ("list.yaml", "- supergraph: { listen: localhost:0 }"),
        (
            "keys.yaml",
            "limits: { max_dept: 3 }\nsupergraph: [localhost:0]",
        ),
    ]);
    for (config, expected) in [
        (
            "tls.yaml",
            &[
                "tls.yaml: the configuration is invalid: tls.subgraph.all.certificate_authorities: \
               the certificate authorities cannot be read as PEM text",
            ][..],
        ),
        (
            "list.yaml",
            &["list.yaml: the configuration has to be a map of keys"],
        ),
        (
            "keys.yaml",
            &[
                "keys.yaml: the configuration is invalid: limits.max_dept: unknown field",
                "supergraph: expected a map of keys, found a list",
            ],
        ),
    ] {
        let router = ["router", "--supergraph", "supergraph.graphql"];
        let ran = folder.souk(&[&router[..], &["--config", config]].concat());
        assert_eq!(ran.code(), 2, "{}", ran.err());
        for expected in expected {
            assert!(ran.err().contains(expected), "{}", ran.err());
        }
    }
}
