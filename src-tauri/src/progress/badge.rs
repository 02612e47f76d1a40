//! The icon as it looks when something is unread, and when nothing is live. Pure.
//!
//! It is drawn here and not in files: the marks are the same on the icon of each system.

use super::standing::Look;

/// The mark, from the upper left corner, in parts of the icon's width.
const CENTRE: (f32, f32) = (0.76, 0.76);
const RADIUS: f32 = 0.22;
/// Around it nothing else is drawn.
const RING: f32 = 0.29;
/// That of what wants attention in the page's dark theme. A template has no colour but its form.
const COLOUR: [u8; 3] = [0xf2, 0x5f, 0x5c];

/// Draws it into the pixels of an icon, four bytes each.
pub(super) fn draw(pixels: &mut [u8], width: u32, look: Look) {
    let Some(row) = usize::try_from(width).ok().filter(|width| *width > 0) else { return };
    let scale = width as f32;
    for (place, pixel) in pixels.chunks_exact_mut(4).enumerate() {
        let [red, green, blue, alpha] = pixel else { continue };
        if !look.is_live {
            *alpha = (f32::from(*alpha) * 0.45) as u8;
        }
        if look.has_unread {
            let (x, y) = ((place % row) as f32 + 0.5, (place / row) as f32 + 0.5);
            let distance = (x - CENTRE.0 * scale).hypot(y - CENTRE.1 * scale);
            let inside = |radius: f32| (radius * scale - distance + 0.5).clamp(0.0, 1.0);
            if inside(RADIUS) > 0.0 {
                [*red, *green, *blue] = COLOUR;
                *alpha = (inside(RADIUS) * 255.0) as u8;
            } else {
                *alpha = (f32::from(*alpha) * (1.0 - inside(RING))) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: u32 = 64;

    fn drawn(look: Look) -> Vec<u8> {
        let mut pixels = [10, 20, 30, 200].repeat((WIDTH * WIDTH) as usize);
        draw(&mut pixels, WIDTH, look);
        pixels
    }

    fn pixel(pixels: &[u8], x: usize, y: usize) -> &[u8] {
        &pixels[(y * WIDTH as usize + x) * 4..][..4]
    }

    #[test]
    fn it_is_as_it_was_while_all_is_well() {
        let look = Look { is_live: true, has_unread: false };
        assert_eq!(drawn(look), [10, 20, 30, 200].repeat((WIDTH * WIDTH) as usize));
    }

    #[test]
    fn what_is_unread_is_a_mark_of_its_own_in_a_corner() {
        let pixels = drawn(Look { is_live: true, has_unread: true });
        assert_eq!(pixel(&pixels, 48, 48), [0xf2, 0x5f, 0x5c, 255]);
        assert_eq!(pixel(&pixels, 10, 10), [10, 20, 30, 200]);
        assert_eq!(pixel(&pixels, 32, 48)[3], 0, "nothing touches it");
    }

    #[test]
    fn what_is_not_live_is_faint_and_its_mark_is_not() {
        let pixels = drawn(Look { is_live: false, has_unread: true });
        assert_eq!(pixel(&pixels, 10, 10), [10, 20, 30, 90]);
        assert_eq!(pixel(&pixels, 48, 48)[3], 255);
    }
}
