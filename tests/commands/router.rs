//! `souk router` as a process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::{Folder, souk};

/// `souk router`, until it is dropped.
pub struct Router {
    pub child: Child,
    pub url: String,
    pub log: Arc<Mutex<String>>,
}

impl Router {
    /// Starts it over the folder's `supergraph.graphql`, with its `router.yaml` if it has one, and with these variables in
    /// its environment.
    pub fn start(folder: &Folder, environment: &[(&str, &str)]) -> Router {
        Router::start_at("127.0.0.1:0", folder, environment)
    }

    /// The same at an address.
    pub fn start_at(listen: &str, folder: &Folder, environment: &[(&str, &str)]) -> Router {
        let arguments = [
            "router",
            "--supergraph",
            "supergraph.graphql",
            "--listen",
            listen,
        ];
        let mut command = souk(folder.0.path(), &arguments);
        if folder.path("router.yaml").exists() {
            command.args(["--config", "router.yaml"]);
        }
        let mut child = command
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let outputs: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let log = log.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    log.lock().unwrap().push_str(&(line + "\n"));
                }
            });
        }
        let heard = log.clone();
        let url = || {
            let log = heard.lock().unwrap();
            let (_, behind) = log.split_once("http://")?;
            let end = behind.find(|c: char| !".:[]".contains(c) && !c.is_ascii_hexdigit())?;
            Some(format!("http://{}", &behind[..end]))
        };
        crate::eventually("the router's address", || url().is_some());
        let url = url().unwrap();
        Router { child, url, log }
    }

    /// How many supergraphs were taken (or refused) since the start.
    pub async fn reloads(&self, outcome: &str) -> u32 {
        let url = format!("{}/metrics", self.url);
        let metrics = reqwest::get(url).await.unwrap().text().await.unwrap();
        let name = format!("souk_router_supergraph_reloads_total{{outcome=\"{outcome}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0, |count| count.parse().unwrap())
    }

    pub async fn query(
        &self,
        client: &reqwest::Client,
        query: &str,
    ) -> Result<Value, reqwest::Error> {
        let request = client.post(format!("{}/graphql", self.url));
        let response = request.json(&json!({ "query": query })).send().await?;
        response.error_for_status()?.json().await
    }
}

/// Sends the process a signal, such as `TERM`.
pub fn signal(child: &Child, name: &str) {
    let process = child.id().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(
        kill.args(["-s", name, &process])
            .status()
            .unwrap()
            .success()
    );
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
