//! Figures of a minute as bytes.
//!
//! One after the other, by ascending slot, of which there are [`SLOTS`]. A figure begins with a byte: the slot in its upper six bits,
//! its form in the lower two. Least, mean and greatest lie close together as a rule, so of the least and the greatest only the distance
//! from the mean is written, in steps from one float of 32 bits to the next.
//!
//! | form | what follows |
//! |---|---|
//! | 0 | one value, 32 bits |
//! | 1 | one value, 64 bits |
//! | 2 | the mean, 32 bits; the distances to the least and to the greatest |
//! | 3 | the mean, 32 bits; the distance to the greatest; the least is 0 |
//!
//! Values are little-endian; a distance is in groups of seven bits, the lowest first, all but the last with the highest bit set.

use super::Figure;

/// How many figures there are at most.
pub(super) const SLOTS: usize = 64;

const ONE: u8 = 0;
const ONE_WIDE: u8 = 1;
const THREE: u8 = 2;
const THREE_FROM_ZERO: u8 = 3;

/// Adds what is in `slot`, which must be greater than those before.
pub(super) fn push(bytes: &mut Vec<u8>, slot: u8, figure: Figure) {
    let Figure { min, mean, max } = figure.kept();
    let (least, narrow, most) = (min as f32, mean as f32, max as f32);
    let mut head = |form| bytes.push(slot << 2 | form);
    if min == max {
        if f64::from(narrow) == mean {
            head(ONE);
            bytes.extend(narrow.to_le_bytes());
        } else {
            head(ONE_WIDE);
            bytes.extend(mean.to_le_bytes());
        }
        return;
    }
    head(if least == 0.0 { THREE_FROM_ZERO } else { THREE });
    bytes.extend(narrow.to_le_bytes());
    if least != 0.0 {
        push_distance(bytes, rank(narrow).saturating_sub(rank(least)));
    }
    push_distance(bytes, rank(most).saturating_sub(rank(narrow)));
}

/// Calls `visit` with each figure and its slot; false where the bytes are none of ours, and what came before that was visited.
pub(super) fn each(mut bytes: &[u8], mut visit: impl FnMut(u8, Figure)) -> bool {
    while let Some(head) = take::<1>(&mut bytes) {
        let Some(figure) = figure(head[0] & 3, &mut bytes) else { return false };
        visit(head[0] >> 2, figure);
    }
    true
}

fn figure(form: u8, bytes: &mut &[u8]) -> Option<Figure> {
    if form == ONE_WIDE {
        return take(bytes).map(f64::from_le_bytes).map(Figure::of);
    }
    let mean = take(bytes).map(f32::from_le_bytes)?;
    if form == ONE {
        return Some(Figure::of(mean.into()));
    }
    let min = match form {
        THREE => of_rank(rank(mean).checked_sub(take_distance(bytes)?)?),
        _ => 0.0,
    };
    let max = of_rank(rank(mean).checked_add(take_distance(bytes)?)?);
    Some(Figure { min: min.into(), mean: mean.into(), max: max.into() })
}

/// Place of a float among all floats.
fn rank(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

fn of_rank(rank: u32) -> f32 {
    f32::from_bits(if rank >> 31 == 0 { !rank } else { rank & !(1 << 31) })
}

fn push_distance(bytes: &mut Vec<u8>, mut distance: u32) {
    while distance >= 1 << 7 {
        bytes.push(distance as u8 | 1 << 7);
        distance >>= 7;
    }
    bytes.push(distance as u8);
}

fn take_distance(bytes: &mut &[u8]) -> Option<u32> {
    let mut distance = 0;
    for shift in (0..32).step_by(7) {
        let [byte] = take(bytes)?;
        distance |= u32::from(byte & 0x7f) << shift;
        if byte >> 7 == 0 {
            return Some(distance);
        }
    }
    None
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back(bytes: &[u8]) -> (Vec<(u8, Figure)>, bool) {
        let mut figures = Vec::new();
        let is_whole = each(bytes, |slot, figure| figures.push((slot, figure)));
        (figures, is_whole)
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            (-1e3..1e3).boxed(),
            (0.0..1e13_f64).prop_map(f64::round).boxed(),
            Just(0.0).boxed(),
            (-300.0..38.0_f64).prop_map(|power| 10_f64.powf(power)).boxed(),
        ]
    }

    proptest! {
        #[test]
        fn figures_come_back_as_they_are_kept(all in prop::collection::vec([value(), value(), value()], 0..64)) {
            let (mut bytes, mut expected) = (Vec::new(), Vec::new());
            for (slot, mut values) in all.into_iter().enumerate() {
                values.sort_by(f64::total_cmp);
                let [min, mean, max] = values;
                let (slot, figure) = (slot as u8, Figure { min, mean, max });
                push(&mut bytes, slot, figure);
                expected.push((slot, figure.kept()));
            }
            prop_assert_eq!(back(&bytes), (expected, true));
        }

        #[test]
        fn any_bytes_are_read_to_some_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            back(&bytes);
        }
    }

    #[test]
    fn what_stands_still_takes_five_bytes_and_what_hardly_moves_seven() {
        let size = |min, mean, max| {
            let mut bytes = Vec::new();
            push(&mut bytes, 0, Figure { min, mean, max });
            bytes.len()
        };
        assert_eq!(size(0.0, 0.0, 0.0), 5);
        assert_eq!(size(41.5, 41.5, 41.5), 5);
        assert_eq!(size(1e12 + 1.0, 1e12 + 1.0, 1e12 + 1.0), 9, "exactly");
        assert_eq!(size(50.0, 50.0001, 50.0002), 7);
        assert_eq!(size(0.0, 12.3, 80.0), 9);
        assert_eq!(size(1.5, 12.3, 80.0), 13, "at most, or little less");
    }

    #[test]
    fn what_was_cut_off_is_found_out() {
        let mut bytes = Vec::new();
        push(&mut bytes, 7, Figure::of(1.0));
        push(&mut bytes, 63, Figure { min: 0.5, mean: 1.0, max: 9.0 });
        assert_eq!(back(&bytes[..bytes.len() - 1]), (vec![(7, Figure::of(1.0))], false));
    }
}
