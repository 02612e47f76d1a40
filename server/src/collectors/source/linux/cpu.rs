//! `/proc/stat`: what each processor did, in ticks since boot.

use super::super::CpuUse;
use super::file::ProcFile;

/// user nice system idle iowait irq softirq steal; guest time is part of user and nice.
const KINDS: usize = 8;
const IDLE: usize = 3;
const IOWAIT: usize = 4;

/// Ticks of one processor, or of all in the first line.
#[derive(Clone, Debug, PartialEq)]
struct Ticks {
    name: String,
    kinds: [u64; KINDS],
}

pub(crate) struct CpuSource {
    file: ProcFile,
    before: Vec<Ticks>,
}

impl CpuSource {
    pub(crate) fn new() -> Self {
        Self { file: ProcFile::open("/proc/stat"), before: Vec::new() }
    }

    /// Use since the last reading; none at the first, and where a core came or went since.
    pub(crate) fn read(&mut self) -> Option<CpuUse> {
        let now = parse(self.file.read().ok()?);
        let usage = usage(&self.before, &now);
        self.before = now;
        usage
    }
}

fn parse(text: &str) -> Vec<Ticks> {
    text.lines()
        .take_while(|line| line.starts_with("cpu"))
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let name = fields.next()?.to_owned();
            let mut kinds = [0; KINDS];
            for (kind, field) in kinds.iter_mut().zip(fields) {
                *kind = field.parse().ok()?;
            }
            Some(Ticks { name, kinds })
        })
        .collect()
}

fn usage(before: &[Ticks], now: &[Ticks]) -> Option<CpuUse> {
    let same = before.len() == now.len() && before.iter().zip(now).all(|(a, b)| a.name == b.name);
    if !same || now.is_empty() {
        return None;
    }
    let mut shares = before.iter().zip(now).map(|(before, now)| busy(before, now));
    let total = shares.next()??;
    // A core that counted no tick at all did nothing.
    Some(CpuUse { total, cores: shares.map(Option::unwrap_or_default).collect() })
}

/// Percent of the ticks in between that were not idle; none if there were no ticks.
fn busy(before: &Ticks, now: &Ticks) -> Option<f32> {
    // Idle and iowait may go back a little: the kernel says so.
    let mut grown = [0; KINDS];
    for (kind, grown) in grown.iter_mut().enumerate() {
        *grown = now.kinds[kind].saturating_sub(before.kinds[kind]);
    }
    let total: u64 = grown.iter().sum();
    let idle = grown[IDLE] + grown[IOWAIT];
    (total > 0).then(|| ((total - idle) as f64 / total as f64 * 100.0) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "cpu  100 0 50 800 50 0 0 0 0 0\n\
                          cpu0 60 0 30 400 10 0 0 0 0 0\n\
                          cpu1 40 0 20 400 40 0 0 0 0 0\n\
                          intr 12345 6 7\nctxt 99\n";

    fn after(total: &str, cores: [&str; 2]) -> Option<CpuUse> {
        let text = format!("cpu  {total}\ncpu0 {}\ncpu1 {}\nintr 1\n", cores[0], cores[1]);
        usage(&parse(BEFORE), &parse(&text))
    }

    #[test]
    fn use_is_the_share_of_ticks_that_were_not_idle_since_the_reading_before() {
        let usage = after(
            "150 10 70 920 50 0 0 0 0 0",
            ["110 10 50 420 10 0 0 0 0 0", "40 0 20 490 50 0 0 0 0 0"],
        );
        assert_eq!(usage, Some(CpuUse { total: 40.0, cores: vec![80.0, 0.0] }));
    }

    #[test]
    fn stolen_time_is_busy_and_guest_time_is_counted_once() {
        let usage = after(
            "130 0 50 860 50 0 0 10 30 0",
            ["80 0 30 430 10 0 0 0 20 0", "50 0 20 430 40 0 0 10 10 0"],
        );
        assert_eq!(usage, Some(CpuUse { total: 40.0, cores: vec![40.0, 40.0] }));
    }

    #[test]
    fn iowait_that_goes_back_gives_no_share_outside_the_scale() {
        let usage = after(
            "110 0 50 890 20 0 0 0 0 0",
            ["60 0 30 490 0 0 0 0 0 0", "50 0 20 400 20 0 0 0 0 0"],
        );
        assert_eq!(usage, Some(CpuUse { total: 10.0, cores: vec![0.0, 100.0] }));
    }

    #[test]
    fn without_a_reading_before_or_with_another_set_of_cores_use_is_unknown() {
        let now = parse(BEFORE);
        assert_eq!(usage(&[], &now), None);
        assert_eq!(usage(&now, &now[..2]), None);
        assert_eq!(usage(&now, &now), None);
        assert_eq!(usage(&[], &[]), None);
    }

    #[test]
    fn this_machines_cores_are_all_seen() {
        let mut source = CpuSource::new();
        assert_eq!(source.read(), None);
        let text = std::fs::read_to_string("/proc/stat").unwrap();
        let lines = text.lines().filter(|line| line.starts_with("cpu")).count();
        assert_eq!(source.before.len(), lines);
    }
}
