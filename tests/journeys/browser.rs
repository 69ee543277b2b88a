//! A headless Chromium, driven through ChromeDriver (W3C WebDriver).

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use souk_harness::{Process, free_port, shared, wait_for};

/// How long something on a page may take, on a machine that is busy with other tests.
const WITHIN: Duration = Duration::from_secs(60);
/// The W3C's name for references to elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Where something is in the window, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn is_empty(&self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    pub fn is_within(&self, outer: &Area) -> bool {
        self.left >= outer.left
            && self.top >= outer.top
            && self.right <= outer.right
            && self.bottom <= outer.bottom
    }

    pub fn overlaps(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// A browser with a profile of its own and one window. It ends when dropped.
pub struct Browser {
    http: reqwest::Client,
    session: String,
    profile: PathBuf,
    _driver: Process,
}

impl Browser {
    /// Starts one.
    pub async fn start() -> Browser {
        // Fails with the package's name when there is none.
        let chromium = Process::command("chromium", "chromium");
        drop(chromium);
        let port = free_port();
        let mut driver = Process::command("chromedriver", "chromium-driver");
        driver.arg(format!("--port={port}")).arg("--log-level=OFF");
        driver
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let driver = Process::spawn(driver);
        let base = format!("http://127.0.0.1:{port}");
        let http = reqwest::Client::new();
        wait_for("ChromeDriver", WITHIN, async || {
            http.get(format!("{base}/status")).send().await.is_ok()
        })
        .await;

        let profile = shared::data_directory();
        let profile_flag = format!("--user-data-dir={}", profile.display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--window-size=1280,800",
            &profile_flag,
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
        } } });
        let mut browser = Browser {
            http,
            session: format!("{base}/session"),
            profile,
            _driver: driver,
        };
        let started = browser.send("", capabilities).await;
        let id = started["sessionId"].as_str().expect("a session");
        browser.session = format!("{}/{id}", browser.session);
        // What the browser's own first page asks for is not the tests' business.
        browser.open("about:blank").await;
        browser.requested_addresses().await;
        browser
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.send("/url", json!({ "url": url })).await;
    }

    /// Waits for the element and clicks on it.
    pub async fn click(&self, selector: &str) {
        let found = json!({ "using": "css selector", "value": selector });
        wait_for(selector, WITHIN, async || {
            let element = self.try_send("/element", found.clone()).await;
            let Ok(element) = element else {
                return false;
            };
            let element = element[ELEMENT].as_str().expect("an element");
            self.try_send(&format!("/element/{element}/click"), json!({}))
                .await
                .is_ok()
        })
        .await;
    }

    /// Replaces the text of the editor, as somebody who pastes would.
    pub async fn replace_text(&self, editor: &str, text: &str) {
        const SHIFT: &str = "\u{e008}";
        const CONTROL: &str = "\u{e009}";
        const END: &str = "\u{e010}";
        const DELETE: &str = "\u{e017}";
        self.click(editor).await;
        self.press(&[CONTROL, "a"]).await;
        let insert = json!({ "cmd": "Input.insertText", "params": { "text": text } });
        self.send("/goog/cdp/execute", insert).await;
        // The editor closes brackets for those who type; what it has put behind the text goes away again.
        self.press(&[CONTROL, SHIFT, END]).await;
        self.press(&[DELETE]).await;
    }

    /// Presses the keys together.
    async fn press(&self, keys: &[&str]) {
        let event = |kind: &str, key: &&str| json!({ "type": kind, "value": key });
        let down = keys.iter().map(|key| event("keyDown", key));
        let up = keys.iter().rev().map(|key| event("keyUp", key));
        let events: Vec<Value> = down.chain(up).collect();
        let actions = json!([{ "type": "key", "id": "keyboard", "actions": events }]);
        self.send("/actions", json!({ "actions": actions })).await;
    }

    /// The text that is shown in the element; empty when there is none.
    pub async fn text(&self, selector: &str) -> String {
        let script = "const found = document.querySelector(arguments[0]); return found ? found.innerText : ''";
        let text = self
            .send(
                "/execute/sync",
                json!({ "script": script, "args": [selector] }),
            )
            .await;
        // Editors show spaces that do not collapse.
        text.as_str().unwrap_or_default().replace('\u{a0}', " ")
    }

    /// Waits until the element shows this text.
    pub async fn shows(&self, selector: &str, text: &str) {
        let mut shown = String::new();
        for _ in 0..WITHIN.as_millis() / 50 {
            shown = self.text(selector).await;
            if shown.contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("waited {WITHIN:?} in vain for {text:?} in {selector}, which shows:\n{shown}");
    }

    /// Where the element is; an empty area when there is none.
    pub async fn area(&self, selector: &str) -> Area {
        let script = "const found = document.querySelector(arguments[0]); \
             const r = found ? found.getBoundingClientRect() : new DOMRect(); \
             return [r.left, r.top, r.right, r.bottom]";
        self.measure(script, selector).await
    }

    /// The part of the page that the window shows.
    pub async fn window(&self) -> Area {
        let script = "return [0, 0, window.innerWidth, window.innerHeight]";
        self.measure(script, "").await
    }

    async fn measure(&self, script: &str, selector: &str) -> Area {
        let call = json!({ "script": script, "args": [selector] });
        let sides = self.send("/execute/sync", call).await;
        let side = |index: usize| sides[index].as_f64().expect("a number");
        Area {
            left: side(0),
            top: side(1),
            right: side(2),
            bottom: side(3),
        }
    }

    /// Whether a line of the element has this text, and nothing lies over it where it begins.
    pub async fn lets_see(&self, selector: &str, text: &str) -> bool {
        let script = "const walker = document.createTreeWalker(document.querySelector(arguments[0]), NodeFilter.SHOW_TEXT); \
             for (let node = walker.nextNode(); node; node = walker.nextNode()) { \
               if (!node.data.replaceAll('\\u00a0', ' ').includes(arguments[1])) continue; \
               const range = document.createRange(); range.selectNodeContents(node); \
               const r = range.getBoundingClientRect(); \
               const style = getComputedStyle(node.parentElement); \
               const top = document.elementFromPoint(r.left + 2, (r.top + r.bottom) / 2); \
               if (r.width > 0 && r.height > 0 && top === node.parentElement \
                 && node.parentElement.checkVisibility({ opacityProperty: true, visibilityProperty: true }) \
                 && style.color !== style.backgroundColor) return true; \
             } \
             return false";
        let call = json!({ "script": script, "args": [selector, text] });
        self.send("/execute/sync", call).await == json!(true)
    }

    /// The window as a PNG image.
    pub async fn screenshot(&self) -> Vec<u8> {
        let answer = self
            .http
            .get(format!("{}/screenshot", self.session))
            .send()
            .await;
        let answer: Value = answer.expect("ChromeDriver").json().await.expect("JSON");
        STANDARD
            .decode(answer["value"].as_str().expect("an image"))
            .expect("base64")
    }

    /// The addresses that were asked for over the network since the last call, by HTTP and WebSocket.
    pub async fn requested_addresses(&self) -> Vec<String> {
        let mut addresses = Vec::new();
        for entry in self.log("performance").await {
            let message: Value =
                serde_json::from_str(entry["message"].as_str().unwrap_or_default()).expect("JSON");
            let message = &message["message"];
            let address = match message["method"].as_str() {
                Some("Network.requestWillBeSent") => &message["params"]["request"]["url"],
                Some("Network.webSocketCreated") => &message["params"]["url"],
                _ => continue,
            };
            let address = address.as_str().expect("an address");
            if address.starts_with("http") || address.starts_with("ws") {
                addresses.push(address.to_owned());
            }
        }
        addresses
    }

    /// The errors on the page's console since the last call.
    pub async fn console_errors(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        errors.map(|entry| entry["message"].to_string()).collect()
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.send("/se/log", json!({ "type": kind })).await;
        entries.as_array().expect("a log").clone()
    }

    async fn send(&self, command: &str, body: Value) -> Value {
        let sent = self.try_send(command, body).await;
        sent.unwrap_or_else(|error| panic!("ChromeDriver, {command}: {error}"))
    }

    async fn try_send(&self, command: &str, body: Value) -> Result<Value, Value> {
        let sent = self
            .http
            .post(format!("{}{command}", self.session))
            .json(&body)
            .send()
            .await;
        let mut answer: Value = sent.expect("ChromeDriver").json().await.expect("JSON");
        let value = answer["value"].take();
        if value.get("error").is_some() {
            Err(value)
        } else {
            Ok(value)
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its processes are killed with ChromeDriver's group; what is left of the profile is removed with the tests'
        // other files at the latest.
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
