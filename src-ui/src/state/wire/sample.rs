//! Samples of a machine.

use tidings_protocol::metrics::{
    Cpu, Disk, Host, Interface, Memory, Process, Processes, Snapshot, Temperature,
};

use super::items;
use crate::state::json::Json;
use crate::state::members::{float, get, own_float, string, whole};

/// The sample in an event of `metrics/{host}`; none if it is none.
#[must_use]
pub fn snapshot(text: &str) -> Option<Snapshot> {
    let json = Json::parse(text).filter(|json| matches!(json, Json::Object(_)))?;
    let present = |key| get(&json, key).filter(|json| **json != Json::Null);
    Some(Snapshot {
        interval_ms: whole(&json, "intervalMs").unwrap_or_default(),
        host: present("host").map_or_else(|| Some(Host::default()), host)?,
        cpu: some(present("cpu"), cpu)?,
        memory: some(present("memory"), memory)?,
        disks: items(&json, "disks", disk)?,
        network: items(&json, "network", interface)?,
        temperatures: items(&json, "temperatures", temperature)?,
        processes: some(present("processes"), processes)?,
    })
}

/// None of a member that is not there, and no sample of one that is not as it must be.
fn some<T>(json: Option<&Json>, read: fn(&Json) -> Option<T>) -> Option<Option<T>> {
    match json {
        Some(json) => read(json).map(Some),
        None => Some(None),
    }
}

fn host(json: &Json) -> Option<Host> {
    Some(Host {
        name: string(json, "name")?,
        os: string(json, "os")?,
        kernel: string(json, "kernel")?,
        uptime: whole(json, "uptime")?,
    })
}

fn cpu(json: &Json) -> Option<Cpu> {
    let cores = items(json, "cores", own_float)?;
    let load = items(json, "load", own_float).and_then(|load| load.try_into().ok());
    Some(Cpu {
        total: float(json, "total")? as f32,
        cores: cores.into_iter().map(|core| core as f32).collect(),
        load,
    })
}

fn memory(json: &Json) -> Option<Memory> {
    Some(Memory {
        total: whole(json, "total")?,
        used: whole(json, "used")?,
        available: whole(json, "available")?,
        swap_total: whole(json, "swapTotal")?,
        swap_used: whole(json, "swapUsed")?,
    })
}

fn disk(json: &Json) -> Option<Disk> {
    Some(Disk {
        name: string(json, "name")?,
        mount: string(json, "mount")?,
        file_system: string(json, "fileSystem")?,
        total: whole(json, "total")?,
        used: whole(json, "used")?,
        available: whole(json, "available")?,
        read: float(json, "read"),
        write: float(json, "write"),
    })
}

fn interface(json: &Json) -> Option<Interface> {
    Some(Interface {
        name: string(json, "name")?,
        received: float(json, "received"),
        sent: float(json, "sent"),
        total_received: whole(json, "totalReceived")?,
        total_sent: whole(json, "totalSent")?,
    })
}

fn temperature(json: &Json) -> Option<Temperature> {
    Some(Temperature {
        label: string(json, "label")?,
        celsius: float(json, "celsius")? as f32,
        critical: float(json, "critical").map(|critical| critical as f32),
    })
}

fn processes(json: &Json) -> Option<Processes> {
    Some(Processes {
        at: whole(json, "at")?,
        interval_ms: whole(json, "intervalMs")?,
        count: whole(json, "count")?,
        top: items(json, "top", process)?,
    })
}

fn process(json: &Json) -> Option<Process> {
    Some(Process {
        pid: whole(json, "pid")?.try_into().ok()?,
        name: string(json, "name")?,
        cpu: float(json, "cpu")? as f32,
        memory: whole(json, "memory")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = r#"{"intervalMs":1000,"host":{"name":"box","os":"Debian","kernel":"6.1","uptime":9},
        "cpu":{"total":12.3,"cores":[1,99.9,1e-3],"load":[0.5,1,2.25]},
        "memory":{"total":17179869184,"used":5,"available":6,"swapTotal":7,"swapUsed":8},
        "disks":[{"name":"sda1","mount":"/","fileSystem":"ext4","total":1,"used":2,"available":3,"read":4.5,"write":null}],
        "network":[{"name":"eth0","received":1.5,"sent":null,"totalReceived":3,"totalSent":4}],
        "temperatures":[{"label":"Core \"0\"","celsius":45.1,"critical":100},{"label":"x","celsius":-1.5,"critical":null}],
        "processes":{"at":1,"intervalMs":5000,"count":200,"top":[{"pid":1,"name":"init","cpu":0.1,"memory":4096}]},"new":[1]}"#;

    #[test]
    fn a_sample_is_read_as_serde_would_read_it() {
        let full: Snapshot = serde_json::from_str(FULL).unwrap();
        let written = serde_json::to_string(&Snapshot::default()).unwrap();
        let few = r#"{"cpu":{"total":1,"cores":[],"load":null},"memory":null,"processes":null}"#;
        for text in [FULL, &written, "{}", few, &serde_json::to_string(&full).unwrap()] {
            let expected: Snapshot = serde_json::from_str(text).unwrap();
            assert_eq!(snapshot(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_sample_is_none() {
        for text in ["", "{", "null", "<html>", r#"{"cpu":{}}"#, r#"{"disks":[1]}"#] {
            assert!(serde_json::from_str::<Snapshot>(text).is_err(), "{text}");
            assert_eq!(snapshot(text), None, "{text}");
        }
    }
}
