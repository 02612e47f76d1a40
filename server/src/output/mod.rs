//! What a program writes, read for people and for a bar.
//!
//! Bytes come as a pipe gives them; [`Output`] gives lines, says which of them a terminal would overwrite, and finds in
//! them how far the program is.

mod ansi;
mod lines;
mod pattern;
mod programs;

pub use lines::{Line, Lines, MAX_KEPT_BYTES};
pub use pattern::{InvalidPattern, MAX_PATTERN_BYTES, Pattern, Seen};

/// A line that a program wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What it wrote, without the line's end: at most [`MAX_KEPT_BYTES`].
    pub bytes: &'a [u8],
    /// The same without colours and whatever else is for a terminal alone.
    pub plain: &'a [u8],
    /// Whether the next one takes its place on a terminal. Such a one is for a message, and not for a log.
    pub is_overwritten: bool,
    /// Whether the line was longer.
    pub cut: bool,
    /// How far it says that the program is; none if it says nothing of that.
    pub seen: Option<Seen>,
}

/// Reads one of a program's outputs.
#[derive(Clone, Debug, Default)]
pub struct Output {
    lines: Lines,
    reader: Reader,
}

#[derive(Clone, Debug, Default)]
struct Reader {
    pattern: Pattern,
    plain: Vec<u8>,
}

impl Output {
    /// Reads what a program writes that says by `pattern` how far it is.
    #[must_use]
    pub fn new(pattern: Pattern) -> Self {
        Self { lines: Lines::default(), reader: Reader { pattern, plain: Vec::new() } }
    }

    /// Takes what came next, however it is cut, and gives each line that has ended by that.
    pub fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Piece<'_>)) {
        let Self { lines, reader } = self;
        lines.feed(bytes, &mut |line| each(reader.read(line)));
    }

    /// Gives what has no end: nothing more comes.
    pub fn finish(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        let Self { lines, reader } = self;
        lines.finish(&mut |line| each(reader.read(line)));
    }
}

impl Reader {
    fn read<'a>(&'a mut self, line: Line<'a>) -> Piece<'a> {
        let Line { bytes, is_overwritten, cut } = line;
        ansi::strip(bytes, &mut self.plain);
        let seen = self.pattern.see(&self.plain);
        Piece { bytes, plain: &self.plain, is_overwritten, cut, seen }
    }
}

#[cfg(test)]
mod tests;
