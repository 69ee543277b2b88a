//! Making a new cluster, and the files that are written before each start.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use nix::unistd::{Uid, User, geteuid};
use uuid::Uuid;

use super::place::{Owner, Place, existing_version, open_itself};
use super::programs::Programs;
use super::{Durability, PostgresError, USER};

/// What the directories begin with in which clusters are made.
const HALF_MADE: &str = "cluster.new";

/// Makes the cluster unless it is there. It is made beside its place and moved there when it is whole, so that a
/// process that is killed half-way leaves nothing that looks like a cluster. Each attempt has a directory of its own:
/// the initdb of a souk that was killed may still be at work in its own, and removes it when that fails.
pub(super) fn initialise(
    place: &Place,
    programs: &Programs,
    durability: Durability,
) -> Result<(), PostgresError> {
    remove_half_made(place);
    if let Some(cluster) = existing_version(&place.cluster) {
        if cluster != programs.major {
            return Err(PostgresError::Version {
                directory: place.cluster.clone(),
                cluster,
                found: programs.major,
            });
        }
        return Ok(());
    }
    let failed = |error: std::io::Error| PostgresError::directory(&place.home, &error);
    let half_made = place.home.join(format!("{HALF_MADE}-{}", Uuid::new_v4()));

    let initdb = programs.initdb();
    let mut command = Owner::command(place.owner.as_ref(), &initdb);
    command.arg("--pgdata").arg(&half_made).args([
        "--username",
        USER,
        "--auth=peer",
        "--encoding=UTF8",
        "--no-instructions",
    ]);
    // Ignorant of languages but not of Unicode, and the same on every machine that has it.
    command.arg(if cfg!(target_os = "linux") {
        "--locale=C.UTF-8"
    } else {
        "--locale=C"
    });
    command.arg(match durability {
        Durability::Durable => "--data-checksums",
        Durability::Disposable => "--no-sync",
    });
    let output = command
        .output()
        .map_err(|error| PostgresError::program(&initdb, &error))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        return Err(PostgresError::Initialise {
            directory: place.cluster.clone(),
            reason: lines.join("; "),
        });
    }

    fs::rename(&half_made, &place.cluster).map_err(failed)?;
    if durability == Durability::Durable {
        File::open(&place.home)
            .and_then(|directory| directory.sync_all())
            .map_err(failed)?;
    }
    Ok(())
}

/// Removes what earlier attempts left. What an initdb still writes to stays for the next start.
fn remove_half_made(place: &Place) {
    let Ok(entries) = fs::read_dir(&place.home) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(HALF_MADE)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::debug!(directory = %entry.path().display(), %error, "a half-made cluster stays");
        }
    }
}

/// Writes who may connect: over the socket, the user that souk runs as and the one that PostgreSQL runs as. The system
/// says who is at the other end, so there is no password to keep.
pub(super) fn write_access(place: &Place) -> Result<(), PostgresError> {
    let mut names = vec![user_name(geteuid())];
    if let Some(owner) = &place.owner {
        names.push(user_name(Uid::from_raw(owner.uid)));
    }
    let mut map = String::new();
    for name in names {
        map.push_str(&format!("souk \"{name}\" {USER}\n"));
    }
    write_for_owner(place, "pg_hba.conf", "local all all peer map=souk\n")?;
    write_for_owner(place, "pg_ident.conf", &map)
}

fn user_name(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

fn write_for_owner(place: &Place, name: &str, content: &str) -> Result<(), PostgresError> {
    // Readable for PostgreSQL's user; the directory above is closed for everybody else.
    let path: &Path = &place.home.join(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    open_itself(&mut options, path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .map_err(|error| PostgresError::directory(&place.home, &error))
}
