//! The values of one metric, sample by sample.

use std::collections::VecDeque;

use tidings_protocol::history::kept;

/// Least room that a column makes for what is to come, in values.
const LEAST_ROOM: usize = 64;

/// Values by the number of their sample. Where a sample had none is a hole; the last value is none.
#[derive(Debug)]
pub(super) struct Column {
    /// Number of the first.
    start: u64,
    values: Values,
}

/// Of 32 bits for as long as that says all that [is kept](kept) of each, else of 64; NaN for a hole.
#[derive(Debug)]
enum Values {
    Narrow(VecDeque<f32>),
    Wide(VecDeque<f64>),
}

impl Column {
    /// Without a value; the first comes with a sample of this number, or a later one.
    pub(super) fn new(start: u64) -> Self {
        Self { start, values: Values::Narrow(VecDeque::new()) }
    }

    /// Number of the sample that the next value is of, or a later one.
    fn end(&self) -> u64 {
        self.start + self.len() as u64
    }

    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Narrow(values) => values.len(),
            Values::Wide(values) => values.len(),
        }
    }

    /// Bytes of a value.
    pub(super) fn width(&self) -> usize {
        match &self.values {
            Values::Narrow(_) => size_of::<f32>(),
            Values::Wide(_) => size_of::<f64>(),
        }
    }

    /// Bytes that are taken.
    pub(super) fn bytes(&self) -> usize {
        match &self.values {
            Values::Narrow(values) => values.capacity() * size_of::<f32>(),
            Values::Wide(values) => values.capacity() * size_of::<f64>(),
        }
    }

    /// Adds the value of sample `number`; of two of the same sample the first holds.
    pub(super) fn push(&mut self, number: u64, value: f64) {
        let Some(holes) = number.checked_sub(self.end()) else { return };
        if self.len() == 0 {
            self.start = number;
        } else {
            (0..holes).for_each(|_| self.add(f64::NAN));
        }
        self.add(kept(value));
    }

    fn add(&mut self, value: f64) {
        if let Values::Narrow(values) = &mut self.values
            && !value.is_nan()
            && f64::from(value as f32) != value
        {
            self.values = Values::Wide(values.iter().map(|value| (*value).into()).collect());
        }
        match &mut self.values {
            Values::Narrow(values) => push_tight(values, value as f32),
            Values::Wide(values) => push_tight(values, value),
        }
    }

    /// The value of sample `number`.
    pub(super) fn get(&self, number: u64) -> Option<f64> {
        let place = usize::try_from(number.checked_sub(self.start)?).ok()?;
        let value = match &self.values {
            Values::Narrow(values) => f64::from(*values.get(place)?),
            Values::Wide(values) => *values.get(place)?,
        };
        (!value.is_nan()).then_some(value)
    }

    /// Lets go of the samples before `number`; false if nothing is left.
    pub(super) fn forget_before(&mut self, number: u64) -> bool {
        while self.start < number && self.len() > 0 {
            match &mut self.values {
                Values::Narrow(values) => drop(values.pop_front()),
                Values::Wide(values) => drop(values.pop_front()),
            }
            self.start += 1;
        }
        self.len() > 0
    }

    /// Lets go of the samples from `number` on; false if nothing is left.
    pub(super) fn forget_from(&mut self, number: u64) -> bool {
        while self.len() > 0 && (self.end() > number || self.get(self.end() - 1).is_none()) {
            match &mut self.values {
                Values::Narrow(values) => drop(values.pop_back()),
                Values::Wide(values) => drop(values.pop_back()),
            }
        }
        self.len() > 0
    }
}

/// Adds a value, and makes room for a quarter more where there is none: a ring that is full would be half empty otherwise.
pub(super) fn push_tight<T>(values: &mut VecDeque<T>, value: T) {
    if values.len() == values.capacity() {
        values.reserve_exact((values.len() / 4).max(LEAST_ROOM));
    }
    values.push_back(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(column: &Column) -> Vec<Option<f64>> {
        (0..8).map(|number| column.get(number)).collect()
    }

    #[test]
    fn what_a_sample_did_not_have_is_a_hole() {
        let mut column = Column::new(0);
        column.push(2, 1.5);
        column.push(2, 9.0);
        column.push(5, -2.0);
        column.push(4, 9.0);
        assert_eq!(all(&column), [None, None, Some(1.5), None, None, Some(-2.0), None, None]);
        assert!(column.forget_from(5));
        assert_eq!((column.len(), column.get(2)), (1, Some(1.5)), "no hole is left at the end");
        column.push(3, 3.0);
        assert!(column.forget_before(3));
        assert_eq!((column.len(), column.get(3)), (1, Some(3.0)));
        assert!(!column.forget_before(4));
    }

    #[test]
    fn a_column_is_as_wide_as_what_it_holds() {
        let mut column = Column::new(0);
        column.push(0, 12.3);
        column.push(1, 1e6);
        assert_eq!(column.width(), 4);
        column.push(3, 1e12 + 1.0);
        assert_eq!(column.width(), 8);
        let rounded = Some(f64::from(12.3_f32));
        assert_eq!(all(&column)[..4], [rounded, Some(1e6), None, Some(1e12 + 1.0)]);
    }

    #[test]
    fn a_full_column_takes_a_quarter_more_than_its_values_at_most() {
        let mut column = Column::new(0);
        for number in 0..10_000 {
            column.push(number, 1.0);
            column.forget_before(number.saturating_sub(3_600));
        }
        assert!(column.bytes() <= 3_601 * 4 * 5 / 4 + 4, "{}", column.bytes());
    }
}
