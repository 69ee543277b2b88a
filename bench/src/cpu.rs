//! CPU time and memory of this process's descendants, from `/proc`.

use std::collections::HashMap;
use std::fs;

/// Clock ticks per second in `/proc`: the kernel's `USER_HZ`, 100 wherever Linux runs.
const TICKS: f64 = 100.0;

/// CPU seconds since each process began, user and system together.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    /// All processes of Souk.
    pub souk: f64,
    /// All processes of PostgreSQL.
    pub postgres: f64,
    /// Redis and RabbitMQ.
    pub servers: f64,
    /// This process: the load.
    pub load: f64,
}

impl std::ops::Sub for Cpu {
    type Output = Cpu;

    fn sub(self, earlier: Cpu) -> Cpu {
        Cpu {
            souk: self.souk - earlier.souk,
            postgres: self.postgres - earlier.postgres,
            servers: self.servers - earlier.servers,
            load: self.load - earlier.load,
        }
    }
}

struct Process {
    name: String,
    parent: u32,
    ticks: u64,
}

/// What everything has used so far.
pub fn now() -> Cpu {
    let processes = processes();
    let own = std::process::id();
    let mut cpu = Cpu::default();
    for (&id, process) in &processes {
        let seconds = ticks_to_seconds(process.ticks);
        if id == own {
            cpu.load += seconds;
        } else if descends(&processes, process, own) {
            match process.name.as_str() {
                "souk" => cpu.souk += seconds,
                "postgres" => cpu.postgres += seconds,
                _ => cpu.servers += seconds,
            }
        }
    }
    cpu
}

/// CPU seconds of one process since it began, those of its children that have ended included.
pub fn of(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    parse(&stat).map_or(0.0, |process| ticks_to_seconds(process.ticks))
}

/// The most memory that a process has had resident, in bytes.
pub fn peak_memory(id: u32) -> u64 {
    status(id, "VmHWM:")
}

/// Resident memory of all processes of Souk, in bytes.
pub fn souk_memory() -> u64 {
    let processes = processes();
    let own = std::process::id();
    let souk = processes
        .iter()
        .filter(|(_, process)| process.name == "souk" && descends(&processes, process, own));
    souk.map(|(id, _)| status(*id, "VmRSS:")).sum()
}

/// A figure of `/proc/<id>/status`, in bytes.
fn status(id: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}

fn descends(processes: &HashMap<u32, Process>, process: &Process, ancestor: u32) -> bool {
    let mut parent = process.parent;
    while let Some(next) = processes.get(&parent) {
        if parent == ancestor {
            return true;
        }
        parent = next.parent;
    }
    false
}

fn processes() -> HashMap<u32, Process> {
    let mut processes = HashMap::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|id| id.parse().ok()) else {
            continue;
        };
        // A process may end while it is read.
        if let Ok(stat) = fs::read_to_string(entry.path().join("stat"))
            && let Some(process) = parse(&stat)
        {
            processes.insert(id, process);
        }
    }
    processes
}

/// Reads `/proc/<id>/stat` (proc(5)). The name is in parentheses and may contain anything.
fn parse(stat: &str) -> Option<Process> {
    let name = stat.get(stat.find('(')? + 1..stat.rfind(')')?)?;
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    // Children that have ended count for their parent: a connection of PostgreSQL may close on the way.
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some(Process {
        name: name.to_owned(),
        parent: u32::try_from(number(1)?).ok()?,
        ticks,
    })
}

#[allow(
    clippy::cast_precision_loss,
    reason = "ticks of a benchmark are far below 2^52"
)]
fn ticks_to_seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS
}
