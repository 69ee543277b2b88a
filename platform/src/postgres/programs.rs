//! Finding PostgreSQL's programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::PostgresError;

/// The oldest major version that the platform's SQL runs on: 15 brought `NULLS NOT DISTINCT`.
pub(super) const OLDEST: u32 = 15;

/// An installation of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    directory: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }
}

/// The installation to use: the configured one, else one of the version `wanted` (that of the existing data), else
/// the newest.
pub(super) fn find(
    configured: Option<&Path>,
    wanted: Option<u32>,
) -> Result<Programs, PostgresError> {
    if let Some(directory) = configured {
        let found = look_at(directory)
            .ok_or_else(|| PostgresError::ProgramsNotThere(directory.to_owned()))?;
        return new_enough(found);
    }
    let mut found: Vec<Programs> = usual_places()
        .iter()
        .filter_map(|directory| look_at(directory))
        .collect();
    if let Some(position) = found
        .iter()
        .position(|programs| Some(programs.major) == wanted)
    {
        return Ok(found.swap_remove(position));
    }
    let newest = found.into_iter().max_by_key(|programs| programs.major);
    new_enough(newest.ok_or(PostgresError::ProgramsMissing)?)
}

fn new_enough(programs: Programs) -> Result<Programs, PostgresError> {
    if programs.major < OLDEST {
        return Err(PostgresError::TooOld {
            directory: programs.directory,
            found: programs.major,
            needed: OLDEST,
        });
    }
    Ok(programs)
}

fn look_at(directory: &Path) -> Option<Programs> {
    let (postgres, initdb) = (directory.join("postgres"), directory.join("initdb"));
    if !postgres.is_file() || !initdb.is_file() {
        return None;
    }
    let output = Command::new(postgres).arg("--version").output().ok()?;
    let major = major_version(&String::from_utf8_lossy(&output.stdout))?;
    Some(Programs {
        directory: directory.to_owned(),
        major,
    })
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)` is 15.
pub(super) fn major_version(text: &str) -> Option<u32> {
    let version = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn usual_places() -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    // Debian and its kin keep one directory per version, and out of PATH.
    places.extend(
        children(Path::new("/usr/lib/postgresql"))
            .into_iter()
            .map(|version| version.join("bin")),
    );
    places.extend(
        children(Path::new("/usr"))
            .into_iter()
            .filter(|path| named_like(path, "pgsql-"))
            .map(|path| path.join("bin")),
    );
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt"] {
        let versions = children(Path::new(homebrew))
            .into_iter()
            .filter(|path| named_like(path, "postgresql"));
        places.extend(versions.map(|path| path.join("bin")));
    }
    places.push(PathBuf::from("/usr/local/pgsql/bin"));
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        places.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    places
}

fn children(directory: &Path) -> Vec<PathBuf> {
    match std::fs::read_dir(directory) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    }
}

fn named_like(path: &Path, prefix: &str) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{OLDEST, PostgresError, find, major_version};

    #[test]
    fn versions_are_read() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("nonsense"), None);
    }

    #[test]
    fn an_installation_that_is_too_old_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let install = |version: u32| {
            for program in ["postgres", "initdb"] {
                let path = directory.path().join(program);
                let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}.4'\n");
                fs::write(&path, script).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            find(Some(directory.path()), None)
        };
        let refused = install(OLDEST - 1);
        assert!(
            matches!(refused, Err(PostgresError::TooOld { .. })),
            "{refused:?}"
        );
        assert_eq!(install(OLDEST).unwrap().major, OLDEST);
    }
}
