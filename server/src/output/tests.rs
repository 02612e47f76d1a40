use proptest::prelude::*;

use super::*;
use tidings_protocol::job::Unit;

macro_rules! recording {
    ($name:literal) => {
        include_bytes!(concat!("testdata/", $name, ".out")).as_slice()
    };
}

/// What a program told, each with what it does not say left out: `40% 2/4 b`, and `?` for "nobody knows how far".
fn told(pattern: Pattern, bytes: &[u8]) -> Vec<String> {
    let (mut output, mut found) = (Output::new(pattern), Vec::new());
    let mut each = |piece: Piece<'_>| {
        let Some(seen) = piece.seen else { return };
        let percent = seen.percent.map_or("?".to_owned(), |percent| percent.to_string());
        let unit = match seen.unit {
            Some(Unit::Bytes) => " b",
            Some(Unit::Entries) => " e",
            Some(Unit::Steps) => " s",
            _ => "",
        };
        let total = seen.total.map(|total| format!("/{total}")).unwrap_or_default();
        let amount = seen.done.map(|done| format!(" {done}{total}{unit}")).unwrap_or_default();
        found.push(format!("{percent}{amount}"));
    };
    output.feed(bytes, &mut each);
    output.finish(&mut each);
    found
}

fn told_by(argv: &str, bytes: &[u8]) -> Vec<String> {
    told(Pattern::of_program(&argv.split(' ').collect::<Vec<_>>()), bytes)
}

#[test]
fn rsync_with_progress2_tells_of_all_and_nothing_while_it_still_finds_files() {
    let whole = told_by("rsync -a --info=progress2 src/ dst/", recording!("rsync-progress2"));
    assert_eq!(whole[..3], ["0% 32768 b", "15% 900000 b", "30% 1800000 b"]);
    assert_eq!(whole[4], "55% 3322592 b");
    assert_eq!(whole.last().unwrap(), "100% 6000000 b");

    let growing = told_by("/usr/bin/rsync -a --info=stats,PROGRESS2 a b", recording!("rsync-ir"));
    assert_eq!(growing[..3], ["0% 2 b", "? 2 b", "? 2 b"]);
    let at = growing.iter().rposition(|told| told.starts_with('?')).unwrap();
    assert_eq!(growing[at..][..2], ["? 2720 b", "56% 2722 b"]);
    assert_eq!(growing.last().unwrap(), "100% 4800 b");
}

#[test]
fn rsync_with_progress_alone_tells_how_many_files_are_left() {
    let files = told_by("rsync -aP src/ dst/", recording!("rsync-progress"));
    assert_eq!(files[0], "20% 2/10 e");
    assert_eq!(files[6..], ["90% 9/10 e", "100% 10/10 e"]);
    assert_eq!(files.len(), 8);

    let growing = told_by("rsync -aP many/ dst/", recording!("rsync-progress-ir"));
    assert_eq!(growing[0], "? 62 e");
    let at = growing.iter().rposition(|told| told.starts_with('?')).unwrap();
    assert_eq!(growing[at..][..2], ["? 1421 e", "57.7% 1422/2461 e"]);
    assert_eq!(growing.last().unwrap(), "100% 2461/2461 e");
}

#[test]
fn rsync_in_a_script_is_known_by_what_it_writes() {
    let both = told(Pattern::parse("rsync").unwrap(), recording!("rsync-both"));
    assert_eq!(both[..2], ["15% 900000 b", "30% 1800000 b"]);
    let files = told(Pattern::parse("rsync").unwrap(), recording!("rsync-progress"));
    assert_eq!(files[0], "20% 2/10 e");
    // Other languages, readable numbers, and a version from before 3.1.
    let lines: [(&[u8], &str); 3] = [
        (b"  1.800.000  30%    3,13MB/s    0:00:00 (xfr#2, to-chk=7/10)\n", "30% 1800000 b"),
        (b"  1.80M  30%    3.13MB/s    0:00:00 (xfr#2, to-chk=7/10)\n", "30% 1800000 b"),
        (b" 32768 100%  1.02kB/s    0:00:00 (xfer#5, to-check=5/10)\n", "50% 5/10 e"),
    ];
    for (line, expected) in lines {
        assert_eq!(told_by("rsync", line), [expected]);
    }
}

#[test]
fn curl_tells_by_its_meter_and_by_its_bar() {
    let meter = told_by("curl -O http://example.org/data.bin", recording!("curl-meter"));
    let expected = ["? 0 b", "10% 399360 b", "40% 1599488 b", "70% 2799616 b", "95% 3799040 b"];
    assert_eq!(meter[..5], expected);
    assert_eq!(meter[5..], ["100% 3999744 b"]);
    let bar = told_by("curl -# -O http://example.org/data.bin", recording!("curl-bar"));
    assert_eq!((&*bar[0], &*bar[1], bar.last().unwrap().as_str()), ("10%", "15%", "100%"));
    let parallel = told_by("curl -Z -O a -O b", recording!("curl-parallel"));
    assert_eq!(parallel[..2], ["? 0 b", "? 799744 b"]);
    assert_eq!(parallel.last().unwrap(), "100% 7999488 b");
}

#[test]
fn curl_knows_nothing_of_a_length_that_nobody_told_nor_of_more_files_than_one() {
    let meter = told_by("curl -O http://example.org/unknown", recording!("curl-meter-unknown"));
    assert!(meter.iter().all(|told| told.starts_with("? ")), "{meter:?}");
    assert_eq!(meter.last().unwrap(), "? 3999744 b");
    let bar = told_by("curl -# -O http://example.org/unknown", recording!("curl-bar-unknown"));
    assert!(bar.is_empty(), "{bar:?}");
    let two = told_by("curl -O a -O b", recording!("curl-two"));
    let full = two.iter().position(|told| told.starts_with("100%")).unwrap();
    assert!(two[full + 1..].iter().all(|told| told.starts_with("? ")), "{two:?}");
    // A redirection has a text of its own, which is there at once.
    let redirection =
        b"100   154  100   154    0     0   1203      0 --:--:-- --:--:-- --:--:--  1203\r\n";
    assert_eq!(told_by("curl -LO a", redirection), ["? 154 b"]);
}

#[test]
fn wget_tells_by_its_bar_and_by_its_dots() {
    let bar = told_by("wget http://example.org/data.bin", recording!("wget-bar"));
    assert_eq!(bar[..3], ["0% 0 b", "10% 408186 b", "20% 808192 b"]);
    assert_eq!(bar.last().unwrap(), "100% 3995074 b");
    let unknown = told_by("wget http://example.org/unknown", recording!("wget-bar-unknown"));
    assert_eq!((&*unknown[0], &*unknown[1]), ("? 0 b", "? 408186 b"));
    let dots = told_by("wget -nv a", recording!("wget-dots-unknown"));
    assert_eq!((&*dots[0], &*dots[1]), ("? 0 b", "? 51200 b"));
    let two = told_by("wget a b", recording!("wget-dots-two"));
    assert_eq!(two, ["78% 0 b", "100% 3145728 b", "? 0 b", "? 3145728 b"]);
}

#[test]
fn dd_tells_bytes_and_how_far_it_is_where_it_was_told_how_many() {
    let unknown = told_by("dd if=/dev/sda of=disk.img status=progress", recording!("dd"));
    assert_eq!((&*unknown[0], &*unknown[4]), ("? 987136 b", "? 4000000 b"));
    let known = told_by("dd bs=100k count=40 status=progress", recording!("dd"));
    assert_eq!(known[0], "24.1% 987136/4096000 b");
    for (args, total) in [
        ("count=8", Some(4_096u64)),
        ("bs=1M count=2", Some(2u64 << 20)),
        ("bs=1MB count=2", Some(2_000_000)),
        ("ibs=4KiB count=3", Some(12_288)),
        ("count=5G iflag=fullblock,count_bytes", Some(5u64 << 30)),
        ("bs=99999P count=99999P", None),
        ("bs=x count=1", None),
        ("bs=1M", None),
    ] {
        let mac = b"1048576 bytes (1049 kB, 1024 KiB) transferred 1.004s, 1044 kB/s\r";
        let told = told_by(&format!("dd {args}"), mac);
        let total = total.map(|total| format!("/{total}")).unwrap_or_default();
        assert!(told[0].ends_with(&format!(" 1048576{total} b")), "{args}: {told:?}");
    }
}

#[test]
fn cargo_tells_how_many_crates_are_built() {
    let expected = ["0% 0/4 s", "0% 0/4 s", "25% 1/4 s", "50% 2/4 s", "75% 3/4 s"];
    assert_eq!(told_by("cargo build", recording!("cargo")), expected);
}

#[test]
fn pv_tells_by_its_bar_by_numbers_or_bytes_alone() {
    let bar = told_by("pv big", recording!("pv"));
    assert_eq!(bar, ["38% 1530920 b", "76% 3072327 b", "100% 3995074 b"]);
    assert_eq!(told_by("pv -n big", recording!("pv-numeric")), ["38%", "76%", "100%"]);
    let unknown = told_by("pv", recording!("pv-unknown"));
    assert_eq!(unknown, ["? 1530920 b", "? 3072327 b", "? 3995074 b"]);
}

#[test]
fn ffmpeg_tells_its_time_of_the_duration_it_told_before() {
    let times = told_by("ffmpeg -i t.mp4 out.webm", recording!("ffmpeg"));
    assert_eq!(times[..2], ["3.3%", "13.3%"]);
    assert_eq!(times.last().unwrap(), "100%");
    let unknown = b"Duration: N/A, bitrate: N/A\nframe=4 time=00:00:01.00 speed=1x\rtime=N/A\r";
    assert_eq!(told_by("ffmpeg -i -", unknown), ["?"]);
    let machine =
        b"  Duration: 00:01:00.00, start\nout_time_us=30000000\nout_time=00:00:30.000000\n";
    assert_eq!(told_by("ffmpeg -progress pipe:1", machine), ["50%"]);
}

#[test]
fn a_program_is_known_by_its_file_name_also_behind_those_that_run_others() {
    let line = b"[==> ] 38% ETA\n";
    for argv in ["pv", "/usr/bin/pv x", "nice -n 10 pv x", "sudo -u me env A=b /opt/pv.exe"] {
        assert_eq!(told_by(argv, line), ["38%"], "{argv}");
    }
    for argv in ["", "cat pv", "pvx", "sh -c pv"] {
        assert!(told_by(argv, line).is_empty(), "{argv}");
    }
    assert!(told(Pattern::of_program::<&str>(&[]), line).is_empty());
}

#[test]
fn a_users_pattern_names_a_percentage_or_an_amount() {
    for (pattern, line, expected) in [
        (r"(?<percent>\d+)%", "12% and then 34%", "34%"),
        (r"at (?P<percent>[\d.]+) percent", "at 12.34 percent", "12.3%"),
        (r"(\d+)%", "12%", "12%"),
        (r"step (?<done>\d+) of (?<total>\d+)", "step 3 of 12", "25% 3/12 s"),
        (r"(?i)(?:frame|step) (?<done>\d+)/(?<total>\d+)", "FRAME 5/4", "100% 5/4 s"),
        (r"(?<percent>[\d,]+) %", "\x1b[32m12,5\x1b[0m %", "12.5%"),
    ] {
        let pattern = Pattern::parse(pattern).unwrap();
        assert_eq!(told(pattern, format!("{line}\n").as_bytes()), [expected], "{line}");
    }
    let nothing = ["no number", "101%", "0/0", "caf\u{e9} 1e400%"];
    let pattern = Pattern::parse(r"(?<percent>\S+)%|(?<done>\d+)/(?<total>\d+)").unwrap();
    for line in nothing {
        assert!(told(pattern.clone(), line.as_bytes()).is_empty(), "{line}");
    }
}

#[test]
fn a_pattern_that_cannot_tell_progress_is_refused_with_what_to_write() {
    let error = |text: &str| Pattern::parse(text).unwrap_err();
    assert_eq!(error(r"\d+%"), InvalidPattern::NoGroup);
    assert_eq!(error(r"(?<done>\d+)"), InvalidPattern::NoGroup);
    assert!(error(r"\d+").to_string().contains(r"(?<percent>\d+)%"));
    assert!(matches!(error("("), InvalidPattern::Syntax(_)));
    assert!(matches!(error(r"(\w{1000}){1000}"), InvalidPattern::Syntax(_)));
    assert_eq!(error(&"x".repeat(MAX_PATTERN_BYTES + 1)), InvalidPattern::TooLong);
}

#[test]
fn a_piece_has_what_was_written_and_what_people_read() {
    let mut output = Output::new(Pattern::nothing());
    let mut found = Vec::new();
    output.feed(b"\x1b[1mbold\x1b[0m \xff\nbar\rrest", &mut |piece| {
        found.push((piece.bytes.to_vec(), piece.plain.to_vec(), piece.is_overwritten));
    });
    assert_eq!(found[0], (b"\x1b[1mbold\x1b[0m \xff".to_vec(), b"bold \xff".to_vec(), false));
    assert_eq!(found[1], (b"bar".to_vec(), b"bar".to_vec(), true));
    assert_eq!(found.len(), 2);
}

#[derive(Debug, PartialEq)]
struct Owned(Vec<u8>, Vec<u8>, bool, bool, Option<Seen>);

fn pieces<'a>(argv: &str, feeds: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let mut output = Output::new(Pattern::of_program(&[argv]));
    let mut found = Vec::new();
    let mut each = |piece: Piece<'_>| {
        let Piece { bytes, plain, is_overwritten, cut, seen } = piece;
        found.push(Owned(bytes.to_vec(), plain.to_vec(), is_overwritten, cut, seen));
    };
    feeds.into_iter().for_each(|feed| output.feed(feed, &mut each));
    output.finish(&mut each);
    found
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_pieces_are_the_same(
        recording in prop::sample::select(vec![
            ("rsync", recording!("rsync-ir")), ("curl", recording!("curl-two")),
            ("wget", recording!("wget-bar")), ("cargo", recording!("cargo")),
            ("ffmpeg", recording!("ffmpeg")), ("dd", recording!("dd")),
        ]),
        sizes in prop::collection::vec(1usize..200, 1..60),
    ) {
        let (argv, mut rest) = recording;
        let whole = pieces(argv, [rest]);
        let mut feeds = Vec::new();
        for size in sizes {
            let (feed, after) = rest.split_at(size.min(rest.len()));
            feeds.push(feed);
            rest = after;
        }
        feeds.extend(rest.chunks(1));
        prop_assert_eq!(pieces(argv, feeds), whole);
    }

    #[test]
    fn no_bytes_are_too_odd_to_be_read(
        bytes in prop::collection::vec(
            prop_oneof![3 => prop::sample::select(b"\r\n\x1b[]%#/:=. 0123456789kKMB".to_vec()), 1 => any::<u8>()],
            0..300,
        ),
        argv in prop::sample::select(vec!["rsync", "curl", "wget", "dd", "cargo", "pv", "ffmpeg", "other"]),
        cut in 0usize..300,
    ) {
        let (a, b) = bytes.split_at(cut.min(bytes.len()));
        prop_assert_eq!(pieces(argv, [a, b]), pieces(argv, [&*bytes]));
    }
}
