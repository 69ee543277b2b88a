//! `souk compose --watch`: real files change under the real binary.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::compose::LINK;
use crate::subgraph::{Catalogue, LargerCatalogue, Subgraph};
use crate::{Folder, SOON, eventually, souk};

/// `souk compose --watch` in a folder, until it is dropped.
struct Watch {
    child: Child,
    errors: Arc<Mutex<String>>,
}

impl Watch {
    fn start(folder: &Folder, more: &[&str]) -> Watch {
        let arguments = [
            &[
                "compose",
                "--watch",
                "--config",
                "supergraph.yaml",
                "--output",
                "out.graphql",
            ],
            more,
        ]
        .concat();
        let mut command = souk(folder.0.path(), &arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let errors = Arc::new(Mutex::new(String::new()));
        let heard = errors.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stderr.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                heard.lock().unwrap().push_str(&text);
            }
        });
        Watch { child, errors }
    }

    fn said(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    fn says(&self, text: &str) {
        eventually(text, || self.said().contains(text));
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ctrl-C.
    fn interrupt(mut self) -> i32 {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let began = std::time::Instant::now();
        while self.is_running() {
            assert!(began.elapsed() < SOON, "it does not end");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn has(folder: &Folder, text: &str) {
    eventually(text, || folder.read("out.graphql").contains(text));
}

fn one(field: &str) -> String {
    format!("{LINK}\ntype Query {{ {field}: Int }}")
}

#[test]
fn changed_files_are_composed_and_broken_ones_leave_the_output() {
    let folder = Folder::new(&[
        (
            "supergraph.yaml",
            "subgraphs:\n  a:\n    schema: { file: a.graphql }\n",
        ),
        ("a.graphql", &one("first")),
    ]);
    let mut watch = Watch::start(&folder, &["--api-schema", "api.graphql"]);
    has(&folder, "first: Int");
    watch.says("composed 1 subgraphs into out.graphql");
    assert!(folder.read("api.graphql").contains("first: Int"));

    folder.write("a.graphql", &one("second"));
    has(&folder, "second: Int");
    assert!(folder.read("api.graphql").contains("second: Int"));

    folder.write("a.graphql", "type Query { broken: Nothing }");
    watch.says("Nothing");
    assert!(watch.is_running());
    assert!(folder.read("out.graphql").contains("second: Int"));

    // As careful programs write: a new file, moved over the old one.
    folder.write("new", &one("third"));
    std::fs::rename(folder.path("new"), folder.path("a.graphql")).unwrap();
    has(&folder, "third: Int");

    // Another subgraph, whose schema comes later, in a folder that is not there yet.
    folder.write(
        "supergraph.yaml",
        "subgraphs:\n  a:\n    schema: { file: a.graphql }\n  b:\n    schema: { file: more/b.graphql }\n",
    );
    watch.says("more/b.graphql, the schema of b");
    folder.write("more/b.graphql", &one("fourth"));
    has(&folder, "fourth: Int");
    folder.write("more/b.graphql", &one("fifth"));
    has(&folder, "fifth: Int");

    folder.write("supergraph.yaml", "not a list");
    watch.says("supergraph.yaml is not a supergraph.yaml");
    assert!(folder.read("out.graphql").contains("fifth: Int"));
    assert!(!folder.path("out.graphql.partial").exists());
    assert_eq!(watch.interrupt(), 0);
}

/// Who has mended a mistake wants to know that it is mended.
#[test]
fn a_failure_that_is_over_is_told_even_if_nothing_is_written() {
    let folder = Folder::new(&[
        (
            "supergraph.yaml",
            "subgraphs:\n  a:\n    schema: { file: a.graphql }\n",
        ),
        ("a.graphql", &one("first")),
    ]);
    let watch = Watch::start(&folder, &[]);
    has(&folder, "first: Int");
    std::fs::rename(folder.path("a.graphql"), folder.path("away")).unwrap();
    watch.says("a.graphql, the schema of a");
    std::fs::rename(folder.path("away"), folder.path("a.graphql")).unwrap();
    watch.says("the subgraphs are what out.graphql was composed from");

    // What does not fit together is told again when it is back.
    let broken = "type Query { broken: Nothing }";
    folder.write("a.graphql", broken);
    watch.says("Nothing");
    std::fs::remove_file(folder.path("a.graphql")).unwrap();
    eventually("told twice that the file is missing", || {
        watch.said().matches("a.graphql, the schema of a").count() == 2
    });
    let told = watch.said().matches("Nothing").count();
    folder.write("a.graphql", broken);
    eventually("told again", || {
        watch.said().matches("Nothing").count() > told
    });
}

#[test]
fn an_unchanged_graph_is_not_written_again() {
    let folder = Folder::new(&[
        (
            "supergraph.yaml",
            "subgraphs:\n  a:\n    schema: { file: a.graphql }\n",
        ),
        ("a.graphql", &one("first")),
    ]);
    let watch = Watch::start(&folder, &[]);
    has(&folder, "first: Int");
    let written = || {
        std::fs::metadata(folder.path("out.graphql"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = written();
    folder.write("a.graphql", &one("first"));
    folder.write("beside", "another file of the folder");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(written(), before);
    assert_eq!(
        watch.said().matches("composed").count(),
        1,
        "{}",
        watch.said()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subgraph_that_tells_another_schema_is_noticed() {
    let products = Subgraph::start(Catalogue).await;
    let list = format!(
        "subgraphs:\n  products:\n    schema: {{ subgraph_url: '{}' }}\n  gone:\n    schema: {{ file: gone.graphql }}\n",
        products.url
    );
    let watching = tokio::task::spawn_blocking(move || {
        let folder = Folder::new(&[("supergraph.yaml", &list)]);
        let watch = Watch::start(&folder, &["--polling-interval", "0.1"]);
        watch.says("gone.graphql, the schema of gone");
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert_eq!(
            watch.said().matches("gone.graphql").count(),
            1,
            "{}",
            watch.said()
        );
        folder.write("gone.graphql", &one("back"));
        has(&folder, "product: Product!");
        products.become_another(LargerCatalogue);
        has(&folder, "newest: Product!");
        assert_eq!(watch.interrupt(), 0);
    });
    watching.await.unwrap();
}

/// Releases stand side by side, and a link to the folder of one of them is switched.
#[test]
fn a_switched_link_to_a_folder_is_noticed() {
    let folder = Folder::new(&[
        (
            "supergraph.yaml",
            "subgraphs:\n  a:\n    schema: { file: current/a.graphql }\n",
        ),
        ("v1/a.graphql", &one("first")),
        ("v2/a.graphql", &one("second")),
    ]);
    std::os::unix::fs::symlink("v1", folder.path("current")).unwrap();
    let watch = Watch::start(&folder, &[]);
    has(&folder, "first: Int");
    std::os::unix::fs::symlink("v2", folder.path("next")).unwrap();
    std::fs::rename(folder.path("next"), folder.path("current")).unwrap();
    has(&folder, "second: Int");
    assert_eq!(watch.interrupt(), 0);
}
