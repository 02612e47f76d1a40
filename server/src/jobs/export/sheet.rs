//! Rows as text.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use crate::history::Row;
use crate::history::csv::{self, TIME, cell, push_number, time};
use crate::store::Figure;

/// What a file is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// After RFC 4180.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

impl Format {
    pub(super) const ALL: [Self; 2] = [Self::Csv, Self::Ndjson];

    /// By its name in a request, which is that of its files too.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension() == name)
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV, for spreadsheets",
            Self::Ndjson => "NDJSON, for programs",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => csv::TYPE,
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// A file that is being written.
pub(super) struct Sheet<W: Write> {
    out: BufWriter<W>,
    format: Format,
    /// Names as JSON has them.
    keys: Vec<String>,
    line: String,
    bytes: u64,
}

impl<W: Write> Sheet<W> {
    pub(super) fn new(out: W, format: Format, names: &[Arc<str>]) -> io::Result<Self> {
        let keys = names.iter().map(|name| serde_json::Value::from(&**name).to_string()).collect();
        let out = BufWriter::with_capacity(64 << 10, out);
        let mut sheet = Self { out, format, keys, line: String::new(), bytes: 0 };
        if format == Format::Csv {
            sheet.line.push_str("time");
            for name in names {
                sheet.line.push(',');
                sheet.line.push_str(&cell(name));
            }
            sheet.end_line()?;
        }
        Ok(sheet)
    }

    /// Adds a row, unless it says nothing.
    pub(super) fn row(&mut self, row: &Row) -> io::Result<bool> {
        if row.figures.iter().all(Option::is_none) {
            return Ok(false);
        }
        match self.format {
            Format::Csv => {
                self.line.push_str(&time(row.at, TIME));
                for figure in &row.figures {
                    self.line.push(',');
                    figure.iter().for_each(|figure| push_number(&mut self.line, figure.mean));
                }
            }
            Format::Ndjson => {
                let seconds = if row.is_minute { ",\"seconds\":60" } else { "" };
                // Writing to a string does not fail.
                let _ = write!(self.line, "{{\"time\":\"{}\"{seconds}", time(row.at, TIME));
                self.object("values", row, |figure| figure.mean);
                if row.is_minute {
                    self.object("min", row, |figure| figure.min);
                    self.object("max", row, |figure| figure.max);
                }
                self.line.push('}');
            }
        }
        self.end_line()?;
        Ok(true)
    }

    /// Adds what there is of some figures, by name.
    fn object(&mut self, key: &str, row: &Row, of: fn(&Figure) -> f64) {
        let _ = write!(self.line, ",\"{key}\":{{");
        let mut comma = "";
        for (name, figure) in self.keys.iter().zip(&row.figures) {
            if let Some(figure) = figure {
                let _ = write!(self.line, "{comma}{name}:");
                push_number(&mut self.line, of(figure));
                comma = ",";
            }
        }
        self.line.push('}');
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line.push_str(if self.format == Format::Csv { "\r\n" } else { "\n" });
        self.bytes += self.line.len() as u64;
        let written = self.out.write_all(self.line.as_bytes());
        self.line.clear();
        written
    }

    /// Writes what is left; returns how many bytes there are in all.
    pub(super) fn finish(self) -> io::Result<(W, u64)> {
        let out = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((out, self.bytes))
    }
}
