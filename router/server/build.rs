//! Bundles the GraphiQL page with Node.js, when there is one, and writes the Rust source that embeds it.
//!
//! `SOUK_GRAPHIQL=required` makes a missing Node.js or a failing bundle an error, for builds that are shipped.
//! `SOUK_GRAPHIQL=cdn` builds the page that loads GraphiQL from a CDN, without trying.

use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the bundle is made of, below `graphiql/`.
const SOURCES: [&str; 9] = [
    ".npmrc",
    "package.json",
    "package-lock.json",
    "build.mjs",
    "cdn.html",
    "src/index.html",
    "src/main.jsx",
    "src/page.css",
    "src/workers.js",
];

/// The page may ask nobody but the router.
const OWN_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
    img-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const CDN_POLICY: &str = "frame-ancestors 'none'";

fn main() -> Result<()> {
    let source = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("graphiql");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SOUK_GRAPHIQL");
    for name in SOURCES {
        println!("cargo:rerun-if-changed={}", source.join(name).display());
    }

    let wish = env::var("SOUK_GRAPHIQL").unwrap_or_default();
    let bundled = if wish == "cdn" {
        Err("SOUK_GRAPHIQL is cdn".into())
    } else {
        bundle(&source, &out)
    };
    let code = match bundled {
        Ok(files) => embed(&files)?,
        Err(error) if wish == "required" => return Err(error),
        Err(error) => {
            println!("cargo:warning=GraphiQL is not embedded, its page loads from a CDN: {error}");
            // Node.js may be there next time: a file that never exists makes cargo ask again.
            if wish != "cdn" {
                println!("cargo:rerun-if-changed={}", out.join("never").display());
            }
            embed_cdn(&source)?
        }
    };
    fs::write(out.join("graphiql.rs"), code)?;
    Ok(())
}

/// Installs the locked packages and bundles them, in a copy of the folder so that the source stays as it is.
fn bundle(source: &Path, out: &Path) -> Result<PathBuf> {
    let work = out.join("graphiql");
    let files = out.join("graphiql-files");
    for folder in [&work, &files] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    fs::create_dir_all(work.join("src"))?;
    for name in SOURCES {
        fs::copy(source.join(name), work.join(name))?;
    }
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&work))?;
    run(Command::new("node")
        .arg("build.mjs")
        .arg(&files)
        .current_dir(&work))?;
    // The packages are two hundred times the size of the bundle.
    fs::remove_dir_all(&work)?;
    Ok(files)
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("{program} could not be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no message");
    Err(format!("{program} failed: {last}").into())
}

fn embed(files: &Path) -> Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(files)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".br") && name != "index.html" {
            names.push(name);
        }
    }
    names.sort();
    let mut version = DefaultHasher::new();
    let mut assets = String::new();
    for name in &names {
        let path = files.join(name);
        fs::read(&path)?.hash(&mut version);
        let brotli = files.join(format!("{name}.br"));
        writeln!(
            assets,
            "    Asset {{ name: {name:?}, plain: include_bytes!({path:?}), brotli: include_bytes!({brotli:?}) }},"
        )?;
    }
    let index = files.join("index.html");
    let version = format!("{:016x}", version.finish());
    Ok(format!(
        "const INDEX: &str = include_str!({index:?});\nconst POLICY: &str = {OWN_POLICY:?};\n\
         const VERSION: &str = {version:?};\nconst ASSETS: &[Asset] = &[\n{assets}];\n"
    ))
}

fn embed_cdn(source: &Path) -> Result<String> {
    let index = source.join("cdn.html");
    Ok(format!(
        "const INDEX: &str = include_str!({index:?});\nconst POLICY: &str = {CDN_POLICY:?};\n\
         const VERSION: &str = \"cdn\";\nconst ASSETS: &[Asset] = &[];\n"
    ))
}
