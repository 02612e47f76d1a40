//! How somebody looks at the processes: which, in which order, as a list or as a tree.

use std::cmp::Ordering;

use super::{Key, Process, Table};
use crate::state::notifications::filter::folded;
use crate::text::text;

/// A column, by which the rows may be sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Name of the program.
    Name,
    /// Id.
    Pid,
    /// Whose it is.
    User,
    /// CPU use.
    Cpu,
    /// Memory.
    Memory,
    /// Threads.
    Threads,
    /// For how long it has been there.
    Age,
    /// What it was started with.
    Command,
}

impl Column {
    /// All, in the order they are shown.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::Pid,
        Self::User,
        Self::Cpu,
        Self::Memory,
        Self::Threads,
        Self::Age,
        Self::Command,
    ];

    /// What style sheets and tests call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Pid => "PID",
            Self::User => "User",
            Self::Cpu => "CPU",
            Self::Memory => "Memory",
            Self::Threads => "Threads",
            Self::Age => "Age",
            Self::Command => "Command",
        }
    }

    /// Its heading.
    #[must_use]
    pub fn label(self) -> &'static str {
        let words = &text().processes;
        match self {
            Self::Name => words.name,
            Self::Pid => words.pid,
            Self::User => words.user,
            Self::Cpu => words.cpu,
            Self::Memory => words.memory,
            Self::Threads => words.threads,
            Self::Age => words.age,
            Self::Command => words.command,
        }
    }

    /// Whether the most stands first: of what is used one looks for that.
    #[must_use]
    pub fn is_falling(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory | Self::Threads | Self::Age)
    }

    /// From the least to the most.
    fn compare(self, a: &Process, b: &Process) -> Ordering {
        let letters = |a: &str, b: &str| {
            let small = |text| str::bytes(text).map(|byte| byte.to_ascii_lowercase());
            small(a).cmp(small(b))
        };
        match self {
            Self::Name => letters(&a.name, &b.name),
            Self::Pid => Ordering::Equal,
            Self::User => letters(&a.user, &b.user),
            Self::Cpu => a.cpu.total_cmp(&b.cpu),
            Self::Memory => a.memory.cmp(&b.memory),
            Self::Threads => a.threads.cmp(&b.threads),
            Self::Age => b.start.cmp(&a.start),
            Self::Command => letters(&a.command, &b.command),
        }
    }
}

/// A way to look at the processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What they are sorted by.
    pub column: Column,
    /// Whether the most stands first.
    pub is_falling: bool,
    /// Whether those that belong to another stand below it.
    pub is_tree: bool,
    /// Only what has all of these words in name, user, id or command.
    pub text: String,
    /// Below which nothing is shown in a tree.
    pub folded: Vec<Key>,
}

impl Default for View {
    fn default() -> Self {
        let (column, text) = (Column::Cpu, String::new());
        Self { column, is_falling: true, is_tree: false, text, folded: Vec::new() }
    }
}

/// A row that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place in the table.
    pub at: usize,
    /// How many it stands below.
    pub depth: usize,
    /// Whether what is below it is shown; none if there is nothing.
    pub is_open: Option<bool>,
}

impl View {
    /// Sorts by a column; by the same once more the other way round.
    pub fn sort(&mut self, column: Column) {
        self.is_falling =
            if self.column == column { !self.is_falling } else { column.is_falling() };
        self.column = column;
    }

    /// Shows what is below a process, or no longer.
    pub fn fold(&mut self, key: Key) {
        let count = self.folded.len();
        self.folded.retain(|other| *other != key);
        if self.folded.len() == count {
            self.folded.push(key);
        }
    }

    /// The rows that are shown, from above.
    #[must_use]
    pub fn lines(&self, table: &Table) -> Vec<Line> {
        let rows = &table.rows;
        let words: Vec<_> = self.text.split_whitespace().map(folded).collect();
        let mut shown: Vec<bool> = rows.iter().map(|row| has(row, &words)).collect();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by(|a, b| self.compare(&rows[*a], &rows[*b]));
        if self.is_tree {
            let above: Vec<_> = rows.iter().map(|row| above(rows, row)).collect();
            return self.tree(rows, &order, &above, &mut shown);
        }
        order.retain(|at| shown[*at]);
        order.into_iter().map(|at| Line { at, depth: 0, is_open: None }).collect()
    }

    /// Equal ones by id, either way, so that they keep their places.
    fn compare(&self, a: &Process, b: &Process) -> Ordering {
        let order = self.column.compare(a, b);
        let order = if self.is_falling { order.reverse() } else { order };
        let by_id = a.pid.cmp(&b.pid);
        let is_by_id = self.column == Column::Pid && self.is_falling;
        order.then(if is_by_id { by_id.reverse() } else { by_id })
    }

    fn tree(
        &self,
        rows: &[Process],
        order: &[usize],
        above: &[Option<usize>],
        shown: &mut [bool],
    ) -> Vec<Line> {
        for at in 0..rows.len() {
            // Those above what is found are shown, or nobody would know where it stands.
            let mut next = above[at].filter(|_| shown[at]);
            while let Some(at) = next.filter(|at| !shown[*at]) {
                shown[at] = true;
                next = above[at];
            }
        }
        let mut below = vec![Vec::new(); rows.len()];
        let mut left = Vec::new();
        // From the last to the first, as they are taken from the end.
        for at in order.iter().rev().copied().filter(|at| shown[*at]) {
            match above[at] {
                Some(parent) => below[parent].push(at),
                None => left.push((at, 0)),
            }
        }
        let mut lines = Vec::with_capacity(rows.len());
        while let Some((at, depth)) = left.pop() {
            let is_open = !self.text.trim().is_empty() || !self.folded.contains(&rows[at].key());
            if is_open {
                left.extend(below[at].iter().map(|at| (*at, depth + 1)));
            }
            let is_open = Some(is_open).filter(|_| !below[at].is_empty());
            lines.push(Line { at, depth, is_open });
        }
        lines
    }
}

fn has(row: &Process, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let text = folded(&[&*row.name, &row.user, &row.command].join("\n"));
    let pid = row.pid.to_string();
    words.iter().all(|word| text.contains(&**word) || pid.contains(&**word))
}

/// The row of the one that a process belongs to. It began before, unless its id is another's by now; so nothing is above itself.
fn above(rows: &[Process], row: &Process) -> Option<usize> {
    let at = rows.binary_search_by_key(&row.parent, |row| row.pid).ok()?;
    let parent = &rows[at];
    Some(at).filter(|_| (parent.start, parent.pid) < (row.start, row.pid))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tidings_protocol::processes::MayEnd;

    use super::*;

    fn process(pid: u32, parent: u32, name: &str) -> Process {
        Process {
            pid,
            start: u64::from(pid) * 10,
            parent,
            name: name.into(),
            command: format!("/usr/bin/{name} --for {pid}").into(),
            user: if pid < 10 { "root" } else { "Émile" }.into(),
            cpu: 0.0,
            memory: 0,
            threads: 1,
            state: 'S',
        }
    }

    fn table(rows: Vec<Process>) -> Table {
        let (host, age) = ("box".to_owned(), Duration::ZERO);
        let count = rows.len() as u64;
        Table { host, at: 1, age, boot_at: 0, may_end: MayEnd::Yes, count, rows }
    }

    fn family() -> Table {
        table(vec![
            process(1, 0, "init"),
            process(5, 1, "sshd"),
            process(12, 5, "zsh"),
            process(13, 12, "vim"),
            process(20, 1, "Cron"),
            process(31, 12, "cargo"),
        ])
    }

    fn pids(table: &Table, view: &View) -> Vec<u32> {
        view.lines(table).iter().map(|line| table.rows[line.at].pid).collect()
    }

    #[test]
    fn the_most_stands_first_and_equal_ones_by_id_either_way() {
        let mut table = family();
        table.rows[3].cpu = 50.0;
        table.rows[5].cpu = 50.0;
        table.rows[1].cpu = 80.5;
        let mut view = View::default();
        assert_eq!(pids(&table, &view), [5, 13, 31, 1, 12, 20]);
        view.sort(Column::Cpu);
        assert_eq!(pids(&table, &view), [1, 12, 20, 13, 31, 5]);
    }

    #[test]
    fn each_column_begins_with_what_one_looks_for_in_it() {
        let mut table = family();
        table.rows[4].memory = 9;
        table.rows[2].threads = 4;
        let mut view = View::default();
        for (column, first, last) in [
            (Column::Name, 31, 12),
            (Column::Pid, 1, 31),
            (Column::User, 1, 31),
            (Column::Memory, 20, 31),
            (Column::Threads, 12, 31),
            (Column::Age, 1, 31),
            (Column::Command, 31, 12),
        ] {
            view.sort(column);
            let pids = pids(&table, &view);
            assert_eq!((pids[0], pids[5]), (first, last), "{column:?}: {pids:?}");
        }
        view.sort(Column::Pid);
        view.sort(Column::Pid);
        assert_eq!(pids(&table, &view), [31, 20, 13, 12, 5, 1]);
    }

    #[test]
    fn words_are_looked_for_in_name_user_id_and_command_however_they_are_written() {
        let table = family();
        let mut view = View { column: Column::Pid, is_falling: false, ..View::default() };
        for (text, found) in [
            ("", &[1, 5, 12, 13, 20, 31][..]),
            ("CARGO", &[31]),
            ("émile", &[12, 13, 20, 31]),
            ("31", &[31]),
            ("1", &[1, 12, 13, 31]),
            ("  bin/z  for ", &[12]),
            ("root 31", &[]),
        ] {
            view.text = text.to_owned();
            assert_eq!(pids(&table, &view), found, "{text:?}");
        }
    }

    #[test]
    fn in_a_tree_those_that_belong_together_stand_together_and_each_group_is_sorted() {
        let mut table = family();
        table.rows[4].cpu = 5.0;
        table.rows[5].cpu = 1.0;
        let view = View { is_tree: true, ..View::default() };
        let lines: Vec<_> = view
            .lines(&table)
            .iter()
            .map(|line| (table.rows[line.at].pid, line.depth, line.is_open))
            .collect();
        let open = Some(true);
        let expected = [
            (1, 0, open),
            (20, 1, None),
            (5, 1, open),
            (12, 2, open),
            (31, 3, None),
            (13, 3, None),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_folded_hides_all_below_it_until_something_is_looked_for() {
        let table = family();
        let mut view =
            View { is_tree: true, column: Column::Pid, is_falling: false, ..View::default() };
        view.fold((5, 50));
        assert_eq!(pids(&table, &view), [1, 5, 20]);
        assert_eq!(view.lines(&table)[1].is_open, Some(false));
        view.text = "vim".to_owned();
        assert_eq!(pids(&table, &view), [1, 5, 12, 13], "with those above it");
        view.text.clear();
        view.fold((5, 50));
        assert_eq!(pids(&table, &view), [1, 5, 12, 13, 31, 20]);
    }

    #[test]
    fn one_whose_parent_is_gone_or_is_another_by_now_stands_by_itself() {
        let mut rows = vec![process(3, 99, "lost"), process(4, 4, "own"), process(6, 8, "early")];
        rows.push(process(8, 6, "late"));
        let table = table(rows);
        let view =
            View { is_tree: true, column: Column::Pid, is_falling: false, ..View::default() };
        let depths: Vec<_> = view.lines(&table).iter().map(|line| line.depth).collect();
        assert_eq!(pids(&table, &view), [3, 4, 6, 8]);
        assert_eq!(depths, [0, 0, 0, 1]);
    }

    #[test]
    fn every_process_is_in_a_tree_once_whatever_belongs_to_what() {
        let mut seed = 7_u64;
        let mut next = |most: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % most
        };
        for _ in 0..50 {
            let rows: Vec<_> = (1..200)
                .map(|pid| Process { start: next(4), ..process(pid, next(220) as u32, "x") })
                .collect();
            let table = table(rows);
            let mut shown = pids(&table, &View { is_tree: true, ..View::default() });
            shown.sort_unstable();
            assert_eq!(shown, (1..200).collect::<Vec<_>>());
        }
    }
}
