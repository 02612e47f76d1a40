//! Programs whose progress is known to be read: what each writes, and where that is not what it seems.

use tidings_protocol::job::{Percent, Unit};

use super::Seen;

/// A program that is known, and what it wrote so far that matters later.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Program {
    Rsync {
        /// It counts the bytes of all files (`--info=progress2`), not those of each.
        whole: bool,
        /// It still finds files: nobody knows how much there is.
        growing: bool,
    },
    Curl(OneFile),
    Wget(OneFile),
    Dd {
        /// What it was told to copy, in bytes.
        total: Option<u64>,
    },
    Cargo,
    Pv,
    Ffmpeg {
        /// How long the longest input is, in ms.
        duration: u64,
    },
}

/// What is told of one file at a time. When it falls there is another file, and how many nobody knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OneFile {
    last: Percent,
    several: bool,
}

impl OneFile {
    fn see(&mut self, percent: Option<Percent>) -> Option<Percent> {
        if let Some(percent) = percent {
            self.several |= percent < self.last;
            self.last = percent;
        }
        percent.filter(|_| !self.several)
    }
}

impl Program {
    /// The program of that name, run with these arguments.
    pub(super) fn of(name: &str, args: &[String]) -> Option<Self> {
        Some(match name {
            "rsync" => {
                Self::Rsync { whole: args.iter().any(|arg| is_progress2(arg)), growing: false }
            }
            "curl" => Self::Curl(OneFile::default()),
            "wget" => Self::Wget(OneFile::default()),
            "dd" => Self::Dd { total: dd_total(args) },
            "cargo" => Self::Cargo,
            "pv" => Self::Pv,
            "ffmpeg" => Self::Ffmpeg { duration: 0 },
            _ => return None,
        })
    }

    /// Reads a line.
    pub(super) fn see(&mut self, line: &str) -> Option<Seen> {
        match self {
            Self::Rsync { whole, growing } => rsync(line, whole, growing),
            Self::Curl(file) => curl(line, file),
            Self::Wget(file) => wget(line, file),
            Self::Dd { total } => dd(line, *total),
            Self::Cargo => cargo(line),
            Self::Pv => pv(line),
            Self::Ffmpeg { duration } => ffmpeg(line, duration),
        }
    }
}

fn is_progress2(arg: &str) -> bool {
    arg.strip_prefix("--info=")
        .unwrap_or(arg)
        .split(',')
        .any(|flag| flag.eq_ignore_ascii_case("progress2"))
}

/// `  1,800,000  30%  3.13MB/s    0:00:00 (xfr#2, to-chk=7/10)`
fn rsync(line: &str, whole: &mut bool, growing: &mut bool) -> Option<Seen> {
    let mut words = line.split_whitespace();
    let (done, percent, speed) = (words.next()?, words.next()?, words.next()?);
    if !speed.ends_with("/s") {
        return None;
    }
    let (done, percent) = (rsync_amount(done)?, percent_of(percent)?);
    // `to-check` before version 3.1; `ir` is an incremental recursion that has not come to its end.
    let left = line.split_once("chk=").or_else(|| line.split_once("check="));
    let left = left.and_then(|(_, left)| left.trim_end().trim_end_matches(')').split_once('/'));
    let left = left.and_then(|(left, all)| Some((left.parse().ok()?, all.parse().ok()?)));
    if left.is_some() {
        *growing = line.contains("ir-ch");
        // A file that is done is full: this counts all of them, whatever the arguments seemed to say.
        *whole |= percent < Percent::FULL;
    }
    if *whole {
        let percent = (!*growing).then_some(percent);
        return Some(Seen { percent, ..Seen::bytes(done) });
    }
    let (left, all): (u64, u64) = left?;
    let done = all.saturating_sub(left);
    let total = (!*growing).then_some(all);
    Some(Seen::amount(done, total, Unit::Entries))
}

/// `1,800,000`, by the machine's language `1.800.000`, and `1.80M` with `--human-readable`.
fn rsync_amount(text: &str) -> Option<u64> {
    if text.ends_with(|c: char| c.is_ascii_digit()) {
        text.replace([',', '.', '\''], "").parse().ok()
    } else {
        amount(&text.replace(',', "."), 1_000)
    }
}

/// ` 40 3906k   40 1562k    0     0  1299k      0  0:00:03  0:00:01  0:00:02 1298k`, and with `--parallel`
/// ` 57 --  4492k     0     2     1   0:00:06  0:00:03  0:00:02 1253k`, and with `--progress-bar` `####   98.3%`
fn curl(line: &str, file: &mut OneFile) -> Option<Seen> {
    let bar = line.trim();
    if bar.ends_with('%') {
        let percent = bar.trim_start_matches('#').trim_start();
        return Some(Seen { percent: file.see(Some(percent_of(percent)?)), ..Seen::default() });
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_time = |word: &&str| word.contains(':') || word.ends_with('h') || word.ends_with('d');
    if words.len() < 10 || !words[6..].iter().any(is_time) {
        return None;
    }
    let percent = |word: &str| percent_of(&format!("{word}%"));
    if words.len() == 10 {
        let percent = percent(words[0]).or_else(|| percent(words[1]));
        return Some(Seen { percent, ..Seen::bytes(amount(words[2], 1_024)?) });
    }
    let (received, sent) = (amount(words[3], 1_024)?, amount(words[5], 1_024)?);
    // Where nobody knows the total it is what came so far, and the first number is 100. What is less than 100 kB has no
    // suffix: that may be the text beside a redirection, and is not what anybody waits for.
    let is_known = (words[2], words[4]) != ("0", "0") && words[1].ends_with(char::is_alphabetic);
    let percent = percent(words[0]).filter(|_| is_known);
    Some(Seen { percent: file.see(percent), ..Seen::bytes(received.saturating_add(sent)) })
}

/// `name   10%[=>    ] 398.62K  1.14MB/s`, without a total `name   [ <=>   ] 398.62K  1.18MB/s`, and dots:
/// `  3072K ........ .....     100% 2.00M=1.8s`
fn wget(line: &str, file: &mut OneFile) -> Option<Seen> {
    if let Some((before, after)) = line.rsplit_once('[')
        && let Some((_, after)) = after.split_once(']')
        && (before.ends_with('%') || line.contains("<=>"))
    {
        let percent = before.split_whitespace().next_back().and_then(percent_of);
        let done = amount(after.split_whitespace().next()?, 1_024)?;
        return Some(Seen { percent: file.see(percent), ..Seen::bytes(done) });
    }
    let mut words = line.split_whitespace();
    let done = words.next().filter(|word| word.ends_with('K'))?;
    let percent = words.find(|word| !word.starts_with(['.', ','])).and_then(percent_of);
    Some(Seen { percent: file.see(percent), ..Seen::bytes(amount(done, 1_024)?) })
}

/// `1908736 bytes (1.9 MB, 1.8 MiB) copied, 2 s, 918 kB/s`, and `transferred` on macOS
fn dd(line: &str, total: Option<u64>) -> Option<Seen> {
    let (done, rest) = line.trim_start().split_once(" bytes ")?;
    let told = rest.contains(" copied, ") || rest.contains(" transferred ");
    let done = done.parse().ok().filter(|_| told)?;
    Some(Seen::amount(done, total, Unit::Bytes))
}

/// `count` blocks of `bs` bytes.
fn dd_total(args: &[String]) -> Option<u64> {
    let value = |key: &str| args.iter().rev().find_map(|arg| arg.strip_prefix(key));
    let size = |text: &str| match text.strip_suffix('b') {
        Some(blocks) => blocks.parse::<u64>().ok()?.checked_mul(512),
        None => {
            amount(text, if text.ends_with('B') && !text.ends_with("iB") { 1_000 } else { 1_024 })
        }
    };
    let count = size(value("count=")?)?;
    if value("iflag=").is_some_and(|flags| flags.contains("count_bytes")) {
        return Some(count);
    }
    let block = value("bs=").or_else(|| value("ibs=")).map_or(Some(512), size)?;
    count.checked_mul(block)
}

/// `    Building [======>    ] 1/4: memchr, itoa`
fn cargo(line: &str) -> Option<Seen> {
    let (_, bar) = line.trim_start().strip_prefix("Building [")?.split_once("] ")?;
    let (done, rest) = bar.split_once('/')?;
    let total = rest.split_once(':').map_or(rest, |(total, _)| total).trim();
    Some(Seen::amount(done.parse().ok()?, Some(total.parse().ok()?), Unit::Steps))
}

/// `1.46MiB 0:00:01 [1.35MiB/s] [====>    ] 38% ETA 0:00:01`, and with `-n` the number alone
fn pv(line: &str) -> Option<Seen> {
    let line = line.trim();
    if let Some(percent) = percent_of(&format!("{line}%")) {
        return Some(Seen { percent: Some(percent), ..Seen::default() });
    }
    let words = || line.split_whitespace();
    let percent = words().filter(|word| word.ends_with('%')).find_map(percent_of);
    let done = words().filter(|word| word.ends_with('B')).find_map(|word| amount(word, 1_000));
    (percent.is_some() || done.is_some()).then(|| Seen {
        percent,
        done,
        unit: done.map(|_| Unit::Bytes),
        total: None,
    })
}

/// First `  Duration: 00:00:03.00, start: 0.000000`, then `frame=   16 … time=00:00:01.60 bitrate=N/A`; with `-progress`
/// `out_time=00:00:01.600000`
fn ffmpeg(line: &str, duration: &mut u64) -> Option<Seen> {
    if let Some(length) = line.trim_start().strip_prefix("Duration: ") {
        let length = length.split(',').next().and_then(milliseconds).unwrap_or_default();
        *duration = (*duration).max(length);
        return None;
    }
    let (_, time) = line.split_once("time=")?;
    let done = milliseconds(time.split_whitespace().next()?)?;
    Some(Seen { percent: Percent::of(done, *duration), ..Seen::default() })
}

/// `00:00:01.60`
fn milliseconds(text: &str) -> Option<u64> {
    let mut seconds = 0.0;
    for part in text.splitn(3, ':') {
        let part: f64 = part.parse().ok().filter(|part: &f64| part.is_finite())?;
        seconds = seconds * 60.0 + part;
    }
    Some((seconds * 1_000.0) as u64)
}

/// `40%` or `98.3%`
fn percent_of(text: &str) -> Option<Percent> {
    let number =
        text.strip_suffix('%').filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
    number?.parse::<f64>().ok().and_then(|number| number.try_into().ok())
}

/// `398`, `398.62K`, `1.46MiB`, `12kB`: `thousand` is what `K` stands for, and `Ki` always for 1,024.
fn amount(text: &str, thousand: u32) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let suffix = &text.as_bytes()[end..];
    let power = match suffix.first().map(u8::to_ascii_uppercase) {
        None | Some(b'B') => 0,
        Some(b'K') => 1,
        Some(b'M') => 2,
        Some(b'G') => 3,
        Some(b'T') => 4,
        Some(b'P') => 5,
        Some(_) => return None,
    };
    let thousand = if suffix.get(1) == Some(&b'i') { 1_024 } else { thousand };
    if !matches!(suffix.get(1..), None | Some(b"" | b"B" | b"i" | b"iB")) {
        return None;
    }
    Some((number * f64::from(thousand).powi(power)) as u64)
}
